import { randomUUID } from 'node:crypto'
import { preflight } from '@silversmith/clickhouse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { events } from './test-events.ts'

/**
 * Why settings are pinned: with those a server has of itself, one INSERT of one file is several blocks, in an order of the
 * moment, so that a token does not stand for the same rows each time. Asked of the engine itself, without a target.
 */
let clickHouse: TestClickHouse
let pinned: Readonly<Record<string, string>>
let url: string
let database: string

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  const made = await clickHouse.makeDatabase([events])
  database = made.database
  url = made.settings.url
  pinned = (
    await preflight(clickHouse.admin, [events], made.settings, new AbortController().signal)
  ).pinned
})
afterAll(() => clickHouse.close())

const post = async (
  query: string,
  settings: Readonly<Record<string, string>> = {},
  body: Uint8Array<ArrayBuffer> | undefined = undefined,
): Promise<Uint8Array<ArrayBuffer>> => {
  const response = await fetch(`${url}/?${new URLSearchParams({ ...settings, query })}`, {
    method: 'POST',
    ...(body && { body }),
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) throw new Error(Buffer.from(bytes).toString())
  return bytes
}

/** A table that keeps rows as they come. */
const makeTable = async (): Promise<string> => {
  const table = `${database}.t${randomUUID().replaceAll('-', '')}`
  await clickHouse.run(
    `CREATE TABLE ${table} (n UInt64, text String) ENGINE = MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 10000`,
  )
  await clickHouse.run(`SYSTEM STOP MERGES ${table}`)
  return table
}

const send = async (
  table: string,
  body: Uint8Array<ArrayBuffer>,
  settings: Readonly<Record<string, string>>,
): Promise<void> => void (await post(`INSERT INTO ${table} FORMAT Parquet`, settings, body))

describe('an INSERT of three million rows', () => {
  const count = 3_000_000
  const token = { insert_deduplication_token: 'B#0' }
  /** As after an upgrade of the server, or a change of its profiles. */
  const otherProfile = { min_insert_block_size_rows: '2000000' }
  let body: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    body = await post(`SELECT number AS n, '' AS text FROM numbers(${count}) FORMAT Parquet`)
  })

  /** Rows of each block, and whether each row sent is there once. */
  const look = async (table: string) => {
    const blocks = await clickHouse.read<{ rows: string | number }>(
      `SELECT count() AS rows FROM ${table} GROUP BY _part ORDER BY rows`,
    )
    // As many rows as distinct ones, the first 0 and the last count - 1: each once.
    const [sums] = await clickHouse.read<{ isExact: number }>(
      `SELECT count() = ${count} AND uniqExact(n) = ${count} AND max(n) = ${count - 1} AS isExact FROM ${table}`,
    )
    return { blocks: blocks.map(({ rows }) => Number(rows)), isExact: Boolean(sums?.isExact) }
  }

  test('is several blocks by default, and not repeatable once they are cut otherwise', async () => {
    const table = await makeTable()
    await send(table, body, token)
    const first = await look(table)
    expect(first.blocks.length).toBeGreaterThan(1)
    expect(first.isExact).toBe(true)
    await send(table, body, { ...otherProfile, ...token })
    expect((await look(table)).isExact).toBe(false)
  })

  test('is one block with the pinned settings, and repeatable whatever the profile', async () => {
    const table = await makeTable()
    await send(table, body, { ...token, ...pinned })
    expect(await look(table)).toEqual({ blocks: [count], isExact: true })
    await send(table, body, { ...otherProfile, ...token, ...pinned })
    expect(await look(table)).toEqual({ blocks: [count], isExact: true })
  })
})

describe('the rows of a file', () => {
  const groupRows = 20_000
  const count = 200_000
  const defaultAttemptsMax = 100
  const pinnedAttempts = 10
  /** The first row group takes longer to read than the others. */
  let body: Uint8Array<ArrayBuffer>
  beforeAll(async () => {
    body = await post(
      `SELECT number AS n, if(number < ${groupRows}, arrayStringConcat(arrayMap(x -> hex(cityHash64(number, x)), range(60))), '') AS text FROM numbers(${count}) FORMAT Parquet`,
      { output_format_parquet_row_group_size: String(groupRows), max_threads: '1' },
    )
  })

  /** The first row of each group, as they lie in the table. */
  const insertAndLook = async (
    settings: Readonly<Record<string, string>>,
  ): Promise<readonly number[]> => {
    const table = await makeTable()
    await send(table, body, settings)
    const rows = await clickHouse.read<{ n: string | number }>(
      `SELECT n FROM ${table} WHERE n % ${groupRows} = 0 ORDER BY _part, _part_offset`,
    )
    await clickHouse.run(`DROP TABLE ${table} SYNC`)
    return rows.map(({ n }) => Number(n))
  }
  const inOrder = Array.from({ length: count / groupRows }, (_, group) => group * groupRows)

  test('are taken in another order by default, sooner or later', async () => {
    const isOther = async (): Promise<boolean> => {
      const order = await insertAndLook({})
      expect([...order].sort((a, b) => a - b)).toEqual(inOrder)
      return order.some((n, at) => n !== inOrder[at])
    }
    let attempts = 1
    while (!(await isOther()) && attempts < defaultAttemptsMax) attempts += 1
    expect(attempts).toBeLessThan(defaultAttemptsMax)
  })

  test('are taken in their order with the pinned settings', async () => {
    for (let attempt = 0; attempt < pinnedAttempts; attempt += 1)
      expect(await insertAndLook(pinned)).toEqual(inOrder)
  })
})
