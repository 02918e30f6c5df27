import { readdirSync, readFileSync } from 'node:fs'
import { routeOf } from '@silversmith/core'
import { expect, it } from 'vitest'
import { datasetOf, defaultRoutes } from './index.ts'

const examples = new URL('../../../examples/', import.meta.url)

/** Key → rows and reasons of rejections. */
const mapFolder = (folder: string, dataset?: string): Record<string, readonly string[]> => {
  const root = new URL(`${folder}/`, examples)
  const keys = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return Object.fromEntries(
    keys
      .filter((key) => key.endsWith('.jsonl'))
      .map((key) => {
        const found = datasetOf(dataset ?? routeOf(defaultRoutes, key) ?? '')
        const lines = readFileSync(new URL(key, root), 'utf8').split('\n')
        return [key.split('/').slice(0, -1).join('/'), lines.map((line) => outcome(found, line))]
      }),
  )
}

const outcome = (dataset: ReturnType<typeof datasetOf>, line: string): string => {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    return 'invalid_json'
  }
  const mapped = dataset?.map(record, { hash: '', text: line })
  if (!mapped) return 'unrouted'
  return 'rejection' in mapped ? mapped.rejection.reason : 'rows' in mapped ? 'row' : 'discarded'
}

const rows = (count: number): string[] => Array.from({ length: count }, () => 'row')

it('the examples of OLI Torus become what their README says, by the default routes', () => {
  expect(mapFolder('xapi-events')).toEqual({
    'section/4021/video': rows(4),
    'section/4021/page_viewed': rows(1),
    'section/4021/attempt_evaluated': rows(3),
    'section/4021/tutor_message': rows(1),
    'section/4022/page_viewed': [
      'row',
      'timestamp_missing',
      'invalid_json',
      'row',
      'not_an_object',
    ],
  })
})

it('the examples of shipping become what their README says, by the default routes', () => {
  expect(mapFolder('shipping')).toEqual({
    'bronze/shipments/2026': [...rows(3), 'timestamp_missing', 'record_type_mismatch'],
    'bronze/invoice_lines': rows(3),
  })
  const array = readFileSync(
    new URL('shipping/bronze/tracking_events/tracking.json', examples),
    'utf8',
  )
  const texts = (JSON.parse(array) as unknown[]).map((record) => JSON.stringify(record))
  const dataset = datasetOf(routeOf(defaultRoutes, 'bronze/tracking_events/tracking.json') ?? '')
  expect(texts.map((text) => outcome(dataset, text))).toEqual(rows(2))
})

it('the example statements are rows of xapi_statements', () => {
  expect(mapFolder('xapi-statements', 'xapi_statements')).toEqual({ '': rows(3) })
})
