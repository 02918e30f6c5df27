import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Mapped, Value } from '@silversmith/core'
import { describe, expect, it } from 'vitest'
import { attributionsMax } from './attributions.ts'
import { xapiEvents } from './dataset.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const [events, attributions] = xapiEvents.tables
const names = attributions?.columns.map(({ name }) => name) ?? []

const fixture = readFileSync(new URL('./fixtures/attributions.jsonl', import.meta.url), 'utf8')
const mapText = (text: string): Mapped =>
  xapiEvents.map(JSON.parse(text), { hash: sha256(text), text })

type Named = Readonly<Record<string, Value | undefined>>
const rowsOf = (text: string): readonly Named[] => {
  const mapped = mapText(text)
  if (!('rows' in mapped)) throw new Error('It is rejected.')
  return mapped.rows.slice(1).map(({ table, values }) => {
    expect(table).toBe(attributions?.name)
    return Object.fromEntries(names.map((name, at) => [name, values[at]]))
  })
}
const withList = (list: string): string =>
  `{"timestamp":"2026-02-11T14:05:02Z","context":{"extensions":{"http://oli.cmu.edu/extensions/experiment_attributions":${list}}}}`

describe('experiment attributions', () => {
  it('are rows behind their event, in the order of the list, so that _part tells them apart', () => {
    const roles = ['exposure', 'outcome', 'reward', 'reward']
    const mapped = mapText(withList(JSON.stringify(roles.map((role) => ({ role })))))
    const rows = 'rows' in mapped ? mapped.rows : []
    expect(rows.map(({ table }) => table)).toEqual([
      events?.name,
      ...roles.map(() => attributions?.name),
    ])
    const role = names.indexOf('experiment_role')
    expect(rows.slice(1).map(({ values }) => values[role])).toEqual(roles)
    expect(new Set(rows.map(({ timeMicros }) => timeMicros)).size).toBe(1)
  })

  it('name their event by its event_hash', () => {
    for (const text of fixture.trimEnd().split('\n')) {
      const mapped = mapText(text)
      for (const { table, values } of 'rows' in mapped ? mapped.rows : [])
        if (table === attributions?.name)
          expect(values[names.indexOf('raw_event_hash')]).toBe(sha256(text))
    }
  })

  // What Python's json.dumps(attribution, sort_keys=True, separators=(',', ':')) gives.
  it.each([
    ['{"b":1.0,"a":1}', '{"a":1,"b":1.0}'],
    ['{ "a" : [ 0.50, 1e2, -0.0, 2.5e-1 ] }', '{"a":[0.5,100.0,-0.0,0.25]}'],
    ['{"a":12345678901234567890,"b":-0}', '{"a":12345678901234567890,"b":0}'],
    ['{"é":"\\u2028\\ud83e\\udd89\\u007f/\\n"}', '{"\\u00e9":"\\u2028\\ud83e\\udd89\\u007f/\\n"}'],
    ['{"z":null,"y":{"b":true,"a":[]}}', '{"y":{"a":[],"b":true},"z":null}'],
  ])("%s has upstream's attribution_hash", (sent, canonical) => {
    const text = withList(`[${sent}]`)
    const [row] = rowsOf(text)
    expect(row?.['attribution_hash']).toBe(sha256(`${sha256(text)}:${canonical}`))
  })

  it('have the same hash however their keys are ordered, in one event', () => {
    const [one, other] = rowsOf(withList('[{"a":1,"b":{"c":2,"d":3}},{"b":{"d":3,"c":2},"a":1}]'))
    expect(one?.['attribution_hash']).toBe(other?.['attribution_hash'])
  })

  it('of the event are none of the reward: a score is never taken for it', () => {
    const text = withList('[{"role":"outcome"}]').replace(
      /}$/,
      ',"result":{"score":{"raw":0.5,"max":1}}}',
    )
    expect(rowsOf(text)).toMatchObject([{ experiment_role: 'outcome', reward_value: null }])
  })

  it('that fit no column are rescued in their own row', () => {
    const [row] = rowsOf(withList('[{"experiment_id":-1,"condition_id":9007199254740993}]'))
    expect(row).toMatchObject({ experiment_id: null, condition_id: null })
    expect(JSON.parse(String(row?.['_rescued']))).toEqual({
      experiment_id: -1,
      condition_id: '9007199254740993',
    })
  })

  it('are so many at most, else the record is rejected', () => {
    const list = (length: number): string => JSON.stringify(Array.from({ length }, () => ({})))
    expect(rowsOf(withList(list(attributionsMax)))).toHaveLength(attributionsMax)
    expect(mapText(withList(list(attributionsMax + 1)))).toMatchObject({
      rejection: { reason: 'too_many_attributions' },
    })
  })

  it('nested deeper than the stack are rows all the same', () => {
    const deep = `${'['.repeat(50_000)}1.0${']'.repeat(50_000)}`
    expect(rowsOf(withList(`[{"a":${deep}}]`))).toHaveLength(1)
  })
})
