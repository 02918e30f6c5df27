import type { Chunk, Table } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { createClickHouseMender, deleteOf } from './mender.ts'
import type { ClickHouseSettings } from './settings.ts'
import { respond, startTestServer } from './test-server.ts'

const settings: ClickHouseSettings = {
  url: 'http://127.0.0.1:1',
  database: 'd',
  insertTimeoutMs: 1_000,
  connectTimeoutMs: 5_000,
  settings: {},
  engine: 'ReplacingMergeTree',
  deduplicationWindow: 100_000,
}

const column = (name: string, type: Table['columns'][number]['type'], nullable = false) => ({
  ...{ name, type, nullable, description: '' },
})

const table: Table = {
  name: 't',
  description: '',
  columns: [
    column('timestamp', 'timestamp'),
    column('big', 'int64'),
    column('score', 'float64', true),
    column('done', 'boolean', true),
  ],
  orderBy: ['timestamp'],
  indexes: [],
  views: [],
}

const chunk: Chunk = {
  ...{ n: 3, table: 't', month: '2026-12', rows: 3 },
  columns: ['timestamp', 'big', 'score', 'done'],
}

const idle = (): AbortSignal => new AbortController().signal

const answering = async (rows: readonly object[]) => {
  const server = await startTestServer((socket) =>
    socket.end(respond(200, JSON.stringify({ meta: [], data: rows, rows: rows.length }))),
  )
  const mender = createClickHouseMender({
    settings: { ...settings, url: server.url },
    tables: [table],
  })
  const close = async () => {
    await mender.close()
    await server.close()
  }
  return { server, mender, close }
}

describe('the DELETE of a chunk', () => {
  test('names its token and its month, and is done on every replica when it is answered', () => {
    expect(deleteOf(settings, 't', "B'#3", '2026-12')).toBe(
      'DELETE FROM `d`.`t` ' +
        "WHERE timestamp >= toDateTime64('2026-12-01 00:00:00', 6, 'UTC') AND timestamp < toDateTime64('2027-01-01 00:00:00', 6, 'UTC') " +
        "AND _chunk = 'B\\'#3' SETTINGS lightweight_deletes_sync = 2, mutations_sync = 2",
    )
  })

  test('goes to the whole cluster where there is one', () => {
    const statement = deleteOf({ ...settings, cluster: 'c' }, 't', 'B#3', '2026-12')
    expect(statement).toContain('DELETE FROM `d`.`t` ON CLUSTER `c` WHERE')
  })
})

describe('rows of a day', () => {
  test('keep every digit, and what JSON has no number for', async () => {
    const { server, mender, close } = await answering([
      { c0: '1767225600000001', c1: '9223372036854775807', c2: 'nan', c3: true },
      { c0: '-1', c1: '-9223372036854775808', c2: '-inf', c3: null },
      { c0: '0', c1: '0', c2: 0.1, c3: false },
    ])
    const { columns, rows } = await mender.readDay('B', chunk, '2026-12-31', idle())
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'timestamp timestamp',
      'big int64',
      'score float64',
      'done boolean',
    ])
    expect(rows).toEqual([
      [1767225600000001, 9223372036854775807n, NaN, true],
      [-1, -9223372036854775808n, -Infinity, null],
      [0, 0n, 0.1, false],
    ])
    const asked = String(server.received[0]?.body)
    expect(asked).toContain(
      "timestamp >= toDateTime64('2026-12-31 00:00:00', 6, 'UTC') AND timestamp < toDateTime64('2027-01-01 00:00:00', 6, 'UTC') AND _chunk = 'B#3'",
    )
    await close()
  })

  test('are refused with a column this version does not know', async () => {
    const { mender, close } = await answering([])
    const strange = { ...chunk, columns: ['timestamp', 'gone'] }
    await expect(mender.readDay('B', strange, '2026-12-31', idle())).rejects.toThrow(/Column gone/)
    await close()
  })

  test('are refused of a table this version does not know', async () => {
    const { mender, close } = await answering([])
    const strange = { ...chunk, table: 'other' }
    await expect(mender.readDay('B', strange, '2026-12-31', idle())).rejects.toThrow(
      /Table other is none of/,
    )
    await close()
  })
})
