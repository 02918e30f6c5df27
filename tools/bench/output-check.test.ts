import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBConnection } from '@duckdb/node-api'
import type { Column } from '@silversmith/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { differences, fingerprintRows, summarize } from './convert/output-check.ts'

const column = (name: string, type: Column['type']): Column => ({
  ...{ name, type, nullable: true, description: '' },
})
const columns = [
  ...[column('id', 'uint64'), column('share', 'float64'), column('name', 'text')],
  ...[column('good', 'boolean'), column('moment', 'timestamp')],
]

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Rows as SQL values. */
const write = async (name: string, rows: string, names = 'id, share, name, good, moment') => {
  const path = join(folder, `${name}.parquet`)
  const connection = await DuckDBConnection.create()
  await connection.run(
    `COPY (SELECT * FROM (VALUES ${rows}) t(${names})) TO '${path}' (FORMAT PARQUET)`,
  )
  connection.closeSync()
  return path
}

const time = (text: string): string => `TIMESTAMPTZ '2026-01-05 ${text}+00'`
const first = `(1, 0.5::DOUBLE, 'a', true, ${time('00:00:01')})`
const second = `(2, 0.25::DOUBLE, NULL, false, ${time('00:00:02')})`

const compared = async (rows: string, names?: string) => {
  const ours = await summarize(await write('ours', `${first}, ${second}`), columns)
  const theirs = await summarize(await write('theirs', rows, names), columns)
  return differences(ours, theirs, new Set(), new Set())
}

test('the same rows in another order and as other types are the same', async () => {
  const asMicros = `epoch_us(${time('00:00:02')})`
  expect(await compared(`${second}, ${first}`)).toEqual([])
  expect(
    await compared(
      `(2::UBIGINT, 0.25::DOUBLE, NULL, false, ${asMicros}), (1, 0.5, 'a', true, ${asMicros} - 1000000)`,
    ),
  ).toEqual([])
})

test.each([
  [first, ['1 rows where we have 2', /^id differs/, /^share/, /^name differs/, /^good/, /^moment/]],
  [`${first}, (2, 0.25, 'b', false, ${time('00:00:02')})`, [/^name differs in values/]],
  [`${first}, (2, 0.25, NULL, NULL, ${time('00:00:02')})`, [/^good differs/]],
  [`${first}, (2, 0.25, NULL, false, ${time('00:00:03')})`, [/^moment differs in max, sum/]],
  // The same values, not in the same rows' number.
  [`${first}, (1, 0.25, NULL, false, ${time('00:00:02')})`, [/^id differs in distinct, max, sum/]],
])('rows that differ are told without their values: %s', async (rows, told) => {
  const found = await compared(rows)
  expect(found).toHaveLength(told.length)
  told.forEach((one, at) => expect(found[at]).toMatch(one))
})

test('a column that is left out is told', async () => {
  expect(
    await compared(`(1, 0.5::DOUBLE, 'a', true), (2, 0.25, NULL, false)`, 'id, share, name, good'),
  ).toEqual(['moment is not there'])
})

test('values in other rows of their columns are seen in the rows alone', async () => {
  const ours = await write('ours', `${first}, ${second}`)
  const same = await write('same', `${second}, ${first}`)
  const crossed = await write(
    'crossed',
    `(1, 0.25::DOUBLE, 'a', true, ${time('00:00:01')}), (2, 0.5, NULL, false, ${time('00:00:02')})`,
  )
  const summaries = [await summarize(ours, columns), await summarize(crossed, columns)] as const
  expect(differences(...summaries, new Set(), new Set())).toEqual([])
  const whole = await fingerprintRows(ours, columns)
  expect(await fingerprintRows(same, columns)).toBe(whole)
  expect(await fingerprintRows(crossed, columns)).not.toBe(whole)
  const [, share, ...others] = columns
  expect(share?.name).toBe('share')
  expect(await fingerprintRows(crossed, others)).toBe(await fingerprintRows(ours, others))
})
