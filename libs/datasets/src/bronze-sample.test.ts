import { createHash } from 'node:crypto'
import { routeOf } from '@silversmith/core'
import { expect, it } from 'vitest'
import { datasetOf, defaultRoutes, sampleBronze } from './index.ts'

const { objects, records } = sampleBronze({ seed: 1 })

/** The plain way to read an object, for comparison only. */
const textsOf = (key: string, body: Uint8Array): string[] => {
  const text = Buffer.from(body).toString()
  return key.endsWith('.json') ? text.trim().slice(1, -1).split(',\n') : text.split('\n')
}

const reasonOf = (dataset: string, text: string): string | undefined => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return 'invalid_json'
  }
  const mapped = datasetOf(dataset)?.map(parsed, { hash: '', text })
  return mapped && 'rejection' in mapped ? mapped.rejection.reason : undefined
}

it('says of every record what becomes of it, by the default routes', () => {
  const found = objects.flatMap(({ key, body }) => {
    const dataset = routeOf(defaultRoutes, key) ?? ''
    return textsOf(key, body).map((text, record) => {
      const hash = createHash('sha256').update(text).digest('hex')
      return { dataset, key, record, hash, reason: reasonOf(dataset, text) }
    })
  })
  expect(records).toEqual(found)
  expect(new Set(records.map(({ dataset }) => dataset)).size).toBe(3)
})

it('holds arrays that are JSON, and no good record twice', () => {
  for (const { key, body } of objects)
    if (key.endsWith('.json')) expect(JSON.parse(Buffer.from(body).toString())).toHaveLength(60)
  const good = records.filter(({ reason }) => reason === undefined).map(({ hash }) => hash)
  expect(new Set(good).size).toBe(good.length)
})

it('gives the same objects for the same seed, others for another', () => {
  expect(sampleBronze({ seed: 1 })).toEqual({ objects, records })
  expect(sampleBronze({ seed: 2 }).objects).not.toEqual(objects)
})
