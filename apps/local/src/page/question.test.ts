import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startClickHouse } from '../clickhouse/engine.ts'
import type { ClickHouseEngine } from '../clickhouse/engine.ts'
import type { Ask } from './question.ts'
import { createQuestion, rowsMax } from './question.ts'

let dir: string
let engine: ClickHouseEngine
let ask: Ask
const { signal } = new AbortController()
const tell = (statement: string): Promise<Response> =>
  fetch(engine.url, { method: 'POST', body: statement })

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-question-'))
  engine = await startClickHouse({ dir: join(dir, 'engine') })
  ask = createQuestion({ url: engine.url, database: 'default' })
  await tell('CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a')
  await tell('INSERT INTO t SELECT number FROM numbers(1000)')
})
afterAll(async () => {
  await engine.close()
  await rm(dir, { recursive: true })
})

it('answers with names, types and exact values', async () => {
  const statement = `SELECT 18446744073709551615 AS big, NULL AS none, 'a;b' AS text, [1, 2] AS list, nan AS n; -- so`
  expect(await ask(statement, signal)).toEqual({
    columns: [
      { name: 'big', type: 'UInt64' },
      { name: 'none', type: 'Nullable(Nothing)' },
      { name: 'text', type: 'String' },
      { name: 'list', type: 'Array(UInt8)' },
      { name: 'n', type: 'Float64' },
    ],
    rows: [['18446744073709551615', null, 'a;b', '[1,2]', 'nan']],
    isCut: false,
    ms: expect.any(Number),
  })
  const none = await ask('/* none */ SELECT a FROM t WHERE a > 5000', signal)
  expect(none).toMatchObject({ columns: [{ name: 'a' }], rows: [] })
  expect((await ask('SHOW TABLES', signal)).rows).toEqual([['t']])
})

it('gives so many rows and such long cells, and says that there are more', async () => {
  const { rows, isCut } = await ask('SELECT a FROM t ORDER BY a LIMIT 900', signal)
  expect({ rows: rows.length, isCut, last: rows.at(-1) }).toEqual({
    ...{ rows: rowsMax, isCut: true },
    last: [String(rowsMax - 1)],
  })
  const whole = await ask(`SELECT a FROM t LIMIT ${rowsMax}`, signal)
  expect(whole.isCut).toBe(false)
  const long = await ask(`SELECT repeat('x', 1000000)`, signal)
  expect(long.rows[0]?.[0]?.length).toBeLessThan(3_000)
  await expect(ask(`SELECT repeat('x', 100000) FROM t`, signal)).rejects.toThrow(/larger than/)
})

it.each([
  ['', 'Write a query first.'],
  ['DROP TABLE t', 'only reads'],
  ['INSERT INTO t VALUES (1)', 'only reads'],
  ['WITH 1 AS x INSERT INTO t SELECT x', 'ClickHouse says'],
  ["SELECT 1 INTO OUTFILE 'written'", 'INTO OUTFILE'],
  ["SELECT 1 FORMAT TSV SETTINGS x = 1, y = 2 -- ' outfile", 'INTO OUTFILE'],
  ['SELECT 1; DROP TABLE t', 'readonly'],
  ['SELECT 1; SELECT 2', 'one statement at a time'],
  ['SELECT 1 FORMAT TSV', 'without FORMAT'],
  ['SELECT 1 SETTINGS max_execution_time = 1000', 'readonly'],
  ["SELECT * FROM file('/etc/hostname', 'LineAsString')", 'readonly'],
  ["SELECT * FROM url('http://127.0.0.1:1', 'LineAsString')", 'readonly'],
  ['SELECT nothing FROM t', 'ClickHouse says: Unknown expression identifier `nothing`'],
])('says in words why it does not answer: %s', async (statement, words) => {
  await expect(ask(statement, signal)).rejects.toThrow(words)
  expect((await ask('SELECT count() FROM t', signal)).rows).toEqual([['1000']])
  expect(await readdir(dir)).toEqual(['engine'])
})

it('gives up at its time, and when nobody answers', async () => {
  const hurried = createQuestion({ url: engine.url, database: 'default' }, 1_000)
  const endless = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
  await expect(hurried(endless, signal)).rejects.toThrow(
    /ran for 1 s, which is the limit|no answer within/,
  )
  const nobody = createQuestion({ url: 'http://127.0.0.1:1', database: 'default' })
  await expect(nobody('SELECT 1', signal)).rejects.toThrow('ClickHouse does not answer at http')
})

it('asks two questions at a time', async () => {
  const slow = [1, 2].map((n) => ask(`SELECT sleep(2), ${n}`, signal))
  await expect(ask('SELECT 3', signal)).rejects.toThrow('2 queries are running')
  const answers = await Promise.all(slow)
  expect(answers.map(({ rows }) => rows[0]?.[1])).toEqual(['1', '2'])
})
