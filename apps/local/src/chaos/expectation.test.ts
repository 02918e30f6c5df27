import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { expect as expectOf } from './expectation.ts'
import { makeObjects } from './made-object.ts'

const good = '{"timestamp":"2026-02-01T00:00:00.000Z"}'
const lines: readonly (readonly [string, string | undefined])[] = [
  [good, undefined],
  ['{"timestamp":', 'invalid_json'],
  [good, undefined],
  ['[]', 'not_an_object'],
  ['{}', 'timestamp_missing'],
  ['{"timestamp":"soon"}', 'timestamp_invalid'],
  ['{"timestamp":"2026-02-30T00:00:00Z"}', 'timestamp_invalid'],
  ['{"timestamp":"1999-01-01T00:00:00Z"}', 'timestamp_out_of_range'],
]
const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex')

test.each(['a.jsonl', 'a.jsonl.gz'])('each line of %s is a row or has its reason', (key) => {
  const text = `\n${lines.map(([line]) => line).join('\n\n')}\n`
  const body = key.endsWith('.gz') ? gzipSync(text) : Buffer.from(text)
  const named = lines.map(([line, reason], record) => ({
    reason,
    name: `s3://b/${key} v ${record} ${reason ?? 0} ${hashOf(line)}`,
  }))
  expect(expectOf({ key, body, source: `s3://b/${key}`, version: 'v' })).toEqual({
    rows: named.filter(({ reason }) => reason === undefined).map(({ name }) => name),
    quarantine: named.filter(({ reason }) => reason !== undefined).map(({ name }) => name),
  })
})

test('the objects of a seed are always the same, and hold all that is to be tried', () => {
  const take = (seed: number) => {
    const made = makeObjects(seed)
    return Array.from({ length: 600 }, () => made.next().value)
  }
  const objects = take(3)
  expect(take(3)).toEqual(objects)
  const bodies = new Map<string, Buffer[]>()
  for (const { key, body } of objects) bodies.set(key, [...(bodies.get(key) ?? []), body])
  const rewritten = [...bodies.values()].filter((all) => all.length > 1)
  expect(rewritten.some(([first, second]) => first?.equals(second ?? Buffer.of()))).toBe(true)
  expect(rewritten.some(([first, second]) => !first?.equals(second ?? Buffer.of()))).toBe(true)
  expect(new Set(objects.map(({ key }) => key.split('/')[1])).size).toBeGreaterThan(1)
  expect(new Set(objects.map(({ key }) => key.endsWith('.gz'))).size).toBe(2)
  const expected = objects.map((object) => expectOf({ ...object, source: 's', version: 'v' }))
  expect(expected.flatMap(({ rows }) => rows).length).toBeGreaterThan(600 * 10)
  const reasons = expected.flatMap(({ quarantine }) => quarantine.map((name) => name.split(' ')[3]))
  expect(new Set(reasons).size).toBe(5)
})
