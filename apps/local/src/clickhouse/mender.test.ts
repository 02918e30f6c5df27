import {
  createClickHouseInspector,
  createClickHouseMender,
  createClickHouseTarget,
} from '@silversmith/clickhouse'
import type { Batch, Chunk, Manifest, Row } from '@silversmith/core'
import { columnsOf, repairTokenOf, tokenOf } from '@silversmith/core'
import { createSilverInspector, createSilverTarget, repairBatch } from '@silversmith/flow'
import {
  createParquetEncoder,
  encodeParquet,
  joinParquetFiles,
  readParquet,
} from '@silversmith/parquet'
import {
  createMemoryClock,
  createMemoryLedger,
  createMemoryStore,
  expectFault,
  sha256Of,
} from '@silversmith/simulation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { eventRow, events, stageRows } from './test-events.ts'

const idle = (): AbortSignal => new AbortController().signal
const batch = 'B'
const day = '2026-11-20'
const prefix = 'silver/'
const dayMicros = 86_400_000_000

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

/** Rows with everything that could get lost on the way through JSON. */
const oddRows = (token: string): readonly Row[] =>
  [NaN, -Infinity, 0.1, -0, 1e300, 5e-324].map((score, record) => {
    const row = [...eventRow(token, record, { kind: record % 2 ? 'é "\\\n😀' : null })]
    row[2] = `\u0001 line ${record}\r\n\ttab '`
    row[3] = score
    row[7] = 9_007_199_254_740_993n + BigInt(record)
    return row
  })

const makeRoom = async (isPlain = true) => {
  const made = await clickHouse.makeDatabase([events], { isPlain })
  const { settings } = made
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings, tables: [events], store })
  const mender = createClickHouseMender({ settings, tables: [events] })
  const inspectors = [
    createClickHouseInspector({ settings, tables: [events] }),
    createSilverInspector({ store, prefix, decode: readParquet }),
  ]
  const lose = (where: string): Promise<void> =>
    clickHouse.run(
      `ALTER TABLE ${made.database}.events DELETE WHERE ${where} SETTINGS mutations_sync = 2`,
    )
  return { ...made, store, target, mender, inspectors, lose }
}

type Room = Awaited<ReturnType<typeof makeRoom>>

/** Stages a chunk of these rows by day, applies it to both targets and commits its batch. */
const commit = async ({ store, target }: Room, rows: readonly Row[]) => {
  const chunk = await stageRows(store, events, batch, 0, rows)
  const dayOfRow = (row: Row): string => new Date(Number(row[0]) / 1000).toISOString().slice(0, 10)
  const days = await Promise.all(
    [...new Set(rows.map(dayOfRow))].map(async (own) => {
      const members = rows.filter((row) => dayOfRow(row) === own)
      const { block } = await stageRows(store, events, `${batch}-${own}`, 0, members)
      return { ...block!, day: own }
    }),
  )
  const whole: Chunk = { ...chunk, days }
  await target.put(batch, whole, idle())
  await createSilverTarget({ store, prefix }).put(batch, whole, idle())
  const manifest: Manifest = {
    ...{ version: 1, batch, pipeline: 'p', targets: ['clickhouse', 'silver'], createdAt: 0 },
    ...{ sources: [], chunks: [whole], quarantine: [] },
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const ref = { key: '_batches/B', sha256: sha256Of(bytes), chunks: 1, rows: rows.length }
  await store.write(ref.key, bytes, { sha256: ref.sha256, contentType: 'application/json' }, idle())
  const item: Batch = {
    ...{ kind: 'batch', id: batch, pipeline: 'p', state: 'C', owner: 'o', leaseUntil: 0 },
    ...{ sourceCount: 0, manifest: ref, done: { clickhouse: 1, silver: 1 } },
  }
  const ledger = createMemoryLedger()
  await ledger.write(item, 0, idle())
  return { chunk: whole, ledger }
}

const repairWith = (
  { store, inspectors, mender }: Room,
  ledger: Awaited<ReturnType<typeof commit>>['ledger'],
) => {
  const clock = createMemoryClock()
  const deps = {
    ...{ pipeline: 'p', ledger, store, clock, inspectors, menders: [mender] },
    ...{ encode: encodeParquet, silverPrefix: prefix, quarantinePrefix: 'quarantine/' },
  }
  return repairBatch(deps, batch, { deadline: clock.now() + 60_000, signal: idle() })
}

describe('rows that were deleted', () => {
  test.each([
    ['MergeTree', true],
    ['ReplacingMergeTree', false],
  ])(
    'of a %s come back once under their first token, which the table remembers, or once under a repair’s',
    async (_, isPlain) => {
      const room = await makeRoom(isPlain)
      const { chunk } = await commit(
        room,
        [0, 1, 2].map((record) => eventRow('B#0', record)),
      )
      const { mender, identities, store } = room
      await mender.clear(batch, chunk, idle())
      expect(await identities()).toEqual([])
      const bytes = await store.read(chunk.block!.key, chunk.block!.sha256, idle())
      await mender.fill(batch, chunk, { bytes, token: tokenOf(batch, 0) }, idle())
      await mender.fill(batch, chunk, { bytes, token: tokenOf(batch, 0) }, idle())
      expect(await identities()).toEqual(['B#0/0', 'B#0/1', 'B#0/2'])
      await mender.clear(batch, chunk, idle())
      const token = repairTokenOf(batch, 0, 1, day)
      await mender.fill(batch, chunk, { bytes, token }, idle())
      await mender.fill(batch, chunk, { bytes, token }, idle())
      expect(await identities()).toEqual(['B#0/0', 'B#0/1', 'B#0/2'])
      await mender.close()
    },
  )

  test.each([
    ['all of them', '1'],
    ['some of them', '_record % 2 = 1'],
  ])('%s: a repair puts them back out of silver, twice too', async (_, where) => {
    const room = await makeRoom()
    const rows = [0, 1, 2, 3, 4].map((record) => {
      const row = [...eventRow('B#0', record)]
      if (record > 2) row[0] = Number(row[0]) + dayMicros
      return row
    })
    const { ledger } = await commit(room, rows)
    const before = await room.identities()
    for (let round = 1; round <= 2; round += 1) {
      await room.lose(where)
      expect(await room.identities()).not.toEqual(before)
      const result = await repairWith(room, ledger)
      expect(result).toMatchObject({
        outcome: 'whole',
        chunks: [{ outcome: 'repaired', after: { rows: 5, distinct: 5 } }],
      })
      expect(await room.identities()).toEqual(before)
    }
    expect(await repairWith(room, ledger)).toMatchObject({ outcome: 'whole', chunks: [] })
    await room.mender.close()
  })

  test('rows of other chunks are left alone', async () => {
    const room = await makeRoom()
    const { chunk } = await commit(room, [eventRow('B#0', 0)])
    const other = await stageRows(room.store, events, 'B', 1, [eventRow('B#1', 0)])
    await room.target.put(batch, other, idle())
    await room.mender.clear(batch, chunk, idle())
    expect(await room.identities()).toEqual(['B#1/0'])
    await room.mender.close()
  })
})

describe('a silver file that is lost', () => {
  test('is written anew, value for value', async () => {
    const room = await makeRoom()
    const rows = oddRows('B#0')
    const { ledger } = await commit(room, rows)
    const key = `${prefix}events/dt=${day}/B-0.parquet`
    const before = await readParquet(room.store.files.get(key)!.bytes)
    await room.store.remove([key], idle())
    expect(await repairWith(room, ledger)).toMatchObject({
      outcome: 'whole',
      chunks: [{ target: 'silver', before: { rows: 0 }, after: { rows: 6, distinct: 6 } }],
    })
    const bytes = room.store.files.get(key)!.bytes
    expect(await readParquet(bytes)).toEqual(before)
    // The order was that of identities, so even the bytes are the same.
    expect(
      Buffer.from(bytes).equals(Buffer.from(await encodeParquet(columnsOf(events), rows))),
    ).toBe(true)
    await room.mender.close()
  })
})

describe('a whole chunk out of its silver files', () => {
  const days = [0, 1, 2]
  const dayRow = (record: number): Row => {
    const row = [...eventRow('B#0', record)]
    row[0] = Number(row[0]) - (record % days.length) * dayMicros
    return row
  }
  const rows = [0, 1, 2, 3, 4, 5, 6].map(dayRow)
  const joined = (columns: Parameters<typeof encodeParquet>[0], own: readonly Row[]) =>
    joinParquetFiles(
      days.map((day) =>
        encodeParquet(
          columns,
          own.filter((_, at) => at % days.length === day),
        ),
      ),
    )

  /** As transform stages it: one file of all rows, and one for each day. */
  const stage = async (room: Room) => {
    const encoder = createParquetEncoder()
    const open = encoder.createRows(columnsOf(events))
    rows.forEach((row, at) => open.add(row, [], at % days.length))
    const groups = [...open.finish()].toSorted(([a], [b]) => a - b).map(([, own]) => own)
    const bytes = await encoder.join(columnsOf(events), groups.flat())
    const block = {
      key: 'block',
      sha256: sha256Of(bytes),
      sizeBytes: bytes.length,
      rows: rows.length,
    }
    await room.store.write('block', bytes, { sha256: block.sha256, contentType: '' }, idle())
    const files = await Promise.all(groups.map((own) => encoder.join(columnsOf(events), own)))
    const chunk: Chunk = { n: 0, table: 'events', month: day.slice(0, 7), rows: rows.length, block }
    return { chunk, file: { bytes: joinParquetFiles(files).bytes, token: tokenOf(batch, 0) } }
  }

  test.each(['before', 'after'])(
    'is one part, once whatever is repeated, with transform %s it',
    async (when) => {
      const room = await makeRoom()
      const { chunk, file } = await stage(room)
      // Blindly, as one that has just sealed.
      if (when === 'before') await room.target.put(batch, chunk, idle())
      await room.mender.fill(batch, chunk, file, idle())
      await room.mender.fill(batch, chunk, file, idle())
      if (when === 'after') await room.target.put(batch, chunk, idle())
      expect(await room.identities()).toEqual(rows.map((_, record) => `B#0/${record}`))
      const parts = await clickHouse.read<{ count: string }>(
        `SELECT toString(count()) AS count FROM system.parts WHERE database = '${room.database}' AND table = 'events' AND active`,
      )
      expect(parts).toEqual([{ count: '1' }])
      await room.mender.close()
    },
  )

  test('comes back once after a TRUNCATE, whatever the table remembers', async () => {
    const room = await makeRoom()
    const chunk = await stageRows(room.store, events, batch, 0, rows)
    await room.target.put(batch, chunk, idle())
    await clickHouse.run(`TRUNCATE TABLE ${room.database}.events`)
    const file = { bytes: joined(columnsOf(events), rows).bytes, token: tokenOf(batch, 0) }
    for (let again = 0; again < 2; again += 1) await room.mender.fill(batch, chunk, file, idle())
    expect(await room.identities()).toEqual(rows.map((_, record) => `B#0/${record}`))
    await room.mender.close()
  })

  test('of a release that knew fewer columns has defaults in the others', async () => {
    const room = await makeRoom()
    const all = columnsOf(events)
    const older = all.filter(({ name }) => name !== 'score' && name !== 'kind')
    const own = rows.map(
      (row) => older.map(({ name }) => row[all.findIndex((one) => one.name === name)]) as Row,
    )
    const chunk = await stageRows(room.store, events, batch, 0, rows)
    const { bytes, columns } = joined(older, own)
    await room.mender.fill(
      batch,
      { ...chunk, columns },
      { bytes, token: tokenOf(batch, 0) },
      idle(),
    )
    const found = await clickHouse.read<{ count: string }>(
      `SELECT toString(countIf(kind IS NULL)) AS count FROM ${room.database}.events`,
    )
    expect(found).toEqual([{ count: `${rows.length}` }])
    await room.mender.close()
  })
})

describe('a table that feeds materialized views', () => {
  test('is not cleared: what they wrote would be doubled', async () => {
    const room = await makeRoom()
    const { chunk, ledger } = await commit(room, [eventRow('B#0', 0), eventRow('B#0', 1)])
    await clickHouse.run(
      `CREATE TABLE ${room.database}.copy (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100000`,
    )
    await clickHouse.run(
      `CREATE MATERIALIZED VIEW ${room.database}.feed TO ${room.database}.copy AS SELECT _record AS n FROM ${room.database}.events`,
    )
    await room.lose('_record = 0')
    const refused = room.mender.clear(batch, chunk, idle())
    await expectFault(refused, 'TARGET_MISCONFIGURED')
    await expect(refused).rejects.toThrow(/feeds materialized views/)
    expect(await repairWith(room, ledger)).toMatchObject({
      outcome: 'broken',
      chunks: [{ outcome: 'broken', after: { rows: 1 } }],
    })
    expect(await room.identities()).toEqual(['B#0/1'])
    await room.mender.close()
  })
})
