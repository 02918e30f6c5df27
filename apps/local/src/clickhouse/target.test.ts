import { createClickHouseTarget, migrate } from '@silversmith/clickhouse'
import { columnsOf, reloadsTable, tokenOf } from '@silversmith/core'
import type { Table } from '@silversmith/core'
import { createMemoryStore, describeTarget, expectFault, sha256Of } from '@silversmith/simulation'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestClickHouse } from './test-clickhouse.ts'
import type { TestClickHouse } from './test-clickhouse.ts'
import { eventRow, events, month, reloadRow, stageEvents, stageRows } from './test-events.ts'

const idle = (): AbortSignal => new AbortController().signal

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse.close())

/** A database of its own, a store and a target. */
const makeRoom = async (isPlain = false) => {
  const made = await clickHouse.makeDatabase([events], { isPlain })
  const store = createMemoryStore()
  const target = createClickHouseTarget({ settings: made.settings, tables: [events], store })
  return { ...made, store, target }
}

describeTarget('the real engine', async () => {
  const { store, target, identities } = await makeRoom()
  return {
    target,
    stage: (batch, n, rowCount) => stageEvents(store, batch, n, rowCount),
    unstage: (chunk) => store.remove(chunk.block ? [chunk.block.key] : [], idle()),
    rows: () => identities(),
    close: () => target.close(),
  }
})

describe('preflight', () => {
  test('that refused is asked again, and INSERTs go on when the table is mended', async () => {
    const { database, store, target, identities } = await makeRoom()
    const chunk = await stageEvents(store, 'B', 0, 3)
    await clickHouse.run(
      `ALTER TABLE ${database}.events MODIFY SETTING non_replicated_deduplication_window = 1`,
    )
    await expectFault(target.put('B', chunk, idle()), 'TARGET_MISCONFIGURED')
    expect(await identities()).toEqual([])
    await clickHouse.run(
      `ALTER TABLE ${database}.events MODIFY SETTING non_replicated_deduplication_window = 20000`,
    )
    await target.put('B', chunk, idle())
    expect(await identities()).toEqual(['B#0/0', 'B#0/1', 'B#0/2'])
  })

  test.each([
    ['a column altered', 'MODIFY COLUMN score Nullable(Int8)', 'column score of events is Null'],
    ['a column dropped', 'DROP COLUMN done', 'column done of events is missing'],
    ['a column renamed', 'RENAME COLUMN name TO title', 'column name of events is missing'],
    [
      'a window made small',
      'MODIFY SETTING non_replicated_deduplication_window = 1',
      'non_replicated_deduplication_window of events is 1',
    ],
  ])('that passed a moment ago is no excuse: %s since is seen', async (_, change, problem) => {
    const { database, store, target, identities } = await makeRoom()
    await target.put('B', await stageEvents(store, 'B', 0, 2), idle())
    await clickHouse.run(`ALTER TABLE ${database}.events ${change}`)
    const chunk = await stageEvents(store, 'C', 0, 2)
    const refused = target.put('C', chunk, idle())
    await expectFault(refused, 'TARGET_MISCONFIGURED')
    await expect(refused).rejects.toThrow(problem)
    expect(await identities()).toEqual(['B#0/0', 'B#0/1'])
  })

  test('is not repeated while the tables stay as they are, and is when one changed', async () => {
    const { database, store, target, identities } = await makeRoom()
    await target.put('B', await stageEvents(store, 'B', 0, 1), idle())
    await clickHouse.run(`ALTER TABLE ${database}._reloads DROP COLUMN _loaded_at`)
    await target.put('C', await stageEvents(store, 'C', 0, 1), idle())
    await clickHouse.run(`ALTER TABLE ${database}.events ADD COLUMN other UInt8`)
    const chunk = await stageEvents(store, 'D', 0, 1)
    await expectFault(target.put('D', chunk, idle()), 'TARGET_MISCONFIGURED')
    expect(await identities()).toEqual(['B#0/0', 'C#0/0'])
  })
})

describe('a batch sealed before a deploy that', () => {
  const deploy = async (columns: Table['columns']) => {
    const { store, target: before, ...room } = await makeRoom()
    await before.close()
    const chunk = await stageEvents(store, 'B', 0, 4)
    const tables = [{ ...events, columns }]
    await migrate(clickHouse.admin, tables, room.settings, idle())
    return { ...room, chunk, target: createClickHouseTarget({ ...room, tables, store }) }
  }
  const withoutName = events.columns.filter(({ name }) => name !== 'name')

  test('adds a column lands with the columns it was staged with', async () => {
    const column = { name: 'extra', type: 'text', nullable: true, description: '' } as const
    const { database, chunk, target } = await deploy([...events.columns, column])
    await target.put('B', chunk, idle())
    expect(
      await clickHouse.read(`SELECT name, score, extra FROM ${database}.events ORDER BY _record`),
    ).toEqual([
      { name: 'event 0', score: null, extra: null },
      { name: 'event 1', score: 0.5, extra: null },
      { name: 'event 2', score: null, extra: null },
      { name: 'event 3', score: 1.5, extra: null },
    ])
  })

  test('removes a column keeps its values while the table has it', async () => {
    const { database, chunk, target } = await deploy(withoutName)
    await target.put('B', chunk, idle())
    const rows = await clickHouse.read(`SELECT name FROM ${database}.events ORDER BY _record`)
    expect(rows).toEqual([0, 1, 2, 3].map((record) => ({ name: `event ${record}` })))
  })

  test('removes a column that was dropped waits, and lands when it is there again', async () => {
    const { database, chunk, target, identities } = await deploy(withoutName)
    await clickHouse.run(`ALTER TABLE ${database}.events DROP COLUMN name`)
    const refused = target.put('B', chunk, idle())
    await expectFault(refused, 'TARGET_MISCONFIGURED')
    await expect(refused).rejects.toThrow(/values for name, which .*events lacks/)
    expect(await identities()).toEqual([])
    await clickHouse.run(`ALTER TABLE ${database}.events ADD COLUMN name String`)
    await target.put('B', chunk, idle())
    const rows = await clickHouse.read(`SELECT name FROM ${database}.events ORDER BY _record`)
    expect(rows).toEqual([0, 1, 2, 3].map((record) => ({ name: `event ${record}` })))
  })

  test('renames a column that was renamed in the table too waits, no value goes astray', async () => {
    const renamed = events.columns.map((column) =>
      column.name === 'name' ? { ...column, name: 'title' } : column,
    )
    const { database, chunk, target, identities } = await deploy(renamed)
    await clickHouse.run(`ALTER TABLE ${database}.events DROP COLUMN title`)
    await clickHouse.run(`ALTER TABLE ${database}.events RENAME COLUMN name TO title`)
    const refused = target.put('B', chunk, idle())
    await expectFault(refused, 'TARGET_MISCONFIGURED')
    await expect(refused).rejects.toThrow(/values for name, which .*events lacks/)
    expect(await identities()).toEqual([])
  })

  test('gave chunks the names of their columns is read with those of the tables', async () => {
    const { chunk, target, identities } = await deploy(events.columns)
    const { columns, ...nameless } = chunk
    expect(columns).toContain('score')
    await target.put('B', nameless, idle())
    expect(await identities()).toEqual(['B#0/0', 'B#0/1', 'B#0/2', 'B#0/3'])
  })
})

describe('rows', () => {
  test('keep their values and their NULLs', async () => {
    const { database, store, target } = await makeRoom()
    await target.put('B', await stageEvents(store, 'B', 0, 4, { kind: 'é' }), idle())
    expect(
      await clickHouse.read(
        `SELECT toUInt32(toUnixTimestamp64Micro(timestamp) - toUnixTimestamp64Micro(_object_time)) AS at, kind, name, score, done, _line FROM ${database}.events ORDER BY _record`,
      ),
    ).toMatchObject([
      { at: 0, kind: 'é', name: 'event 0', score: null, done: null },
      { at: 1, kind: 'é', name: 'event 1', score: 0.5, done: true },
      { at: 2, kind: 'é', name: 'event 2', score: null, done: false },
      { at: 3, kind: 'é', name: 'event 3', score: 1.5, done: null },
    ])
  })

  test('equal but for the record’s ordinal are all kept, also through merges', async () => {
    const { database, store, target, identities } = await makeRoom()
    await target.put('B', await stageEvents(store, 'B', 0, 10), idle())
    await target.put('C', await stageEvents(store, 'C', 0, 10), idle())
    await clickHouse.run(`OPTIMIZE TABLE ${database}.events FINAL`)
    expect(new Set(await identities()).size).toBe(20)
  })

  test('are told apart by the token alone, not by their bytes', async () => {
    const { database, store, target, identities } = await makeRoom()
    await clickHouse.run(`SYSTEM STOP MERGES ${database}.events`)
    const chunk = await stageEvents(store, 'B', 0, 2)
    await target.put('B', chunk, idle())
    await target.put('B', { ...(await stageEvents(store, 'X', 0, 5)), n: 0 }, idle())
    expect(await identities()).toEqual(['B#0/0', 'B#0/1'])
    await target.put('OTHER', chunk, idle())
    expect(await identities()).toEqual(['B#0/0', 'B#0/0', 'B#0/1', 'B#0/1'])
  })

  test('of one chunk are one part, however many', async () => {
    const { database, settings, store, target } = await makeRoom()
    await clickHouse.run(`SYSTEM STOP MERGES ${database}.events`)
    const count = 1_300_000
    await target.put('A', await stageEvents(store, 'A', 0, 1), idle())
    const changed: Readonly<Record<string, string>> = { _record: 'number', _chunk: "'B#0'" }
    const columns = columnsOf(events).map(
      ({ name }) => `${changed[name] ?? `e.${name}`} AS ${name}`,
    )
    const query = `SELECT ${columns.join(', ')} FROM ${database}.events AS e CROSS JOIN numbers(${count}) AS n FORMAT Parquet`
    const answer = await fetch(`${settings.url}/?${new URLSearchParams({ query })}`)
    expect(answer.status).toBe(200)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const block = { key: 'big', sha256: sha256Of(bytes), sizeBytes: bytes.length, rows: count }
    await store.write('big', bytes, { ...block, contentType: 'x' }, idle())
    await target.put('B', { n: 0, table: 'events', month, rows: count, block }, idle())
    expect(
      await clickHouse.read(
        `SELECT toUInt32(rows) AS rows FROM system.parts WHERE database = '${database}' AND active ORDER BY rows`,
      ),
    ).toEqual([{ rows: 1 }, { rows: count }])
  })

  test('with a NULL where the table takes none are refused whole', async () => {
    const { store, target, identities } = await makeRoom()
    const lax: Table = {
      ...events,
      columns: events.columns.map((column) => ({ ...column, nullable: true })),
    }
    const rows = [0, 1].map((record) => {
      const row = eventRow('B#0', record)
      return record === 0 ? row : [row[0] ?? null, null, null, ...row.slice(3)]
    })
    const chunk = await stageRows(store, lax, 'B', 0, rows)
    await expectFault(target.put('B', chunk, idle()), 'TARGET_REFUSED_DATA')
    expect(await identities()).toEqual([])
  })

  test('from a file that lacks a column are refused, not filled up', async () => {
    const { store, target, identities } = await makeRoom()
    const narrow: Table = {
      ...events,
      columns: events.columns.filter(({ name }) => name !== 'score'),
    }
    const row = eventRow('B#0', 0)
    const staged = await stageRows(store, narrow, 'B', 0, [[...row.slice(0, 3), ...row.slice(4)]])
    const chunk = { ...staged, columns: columnsOf(events).map(({ name }) => name) }
    await expectFault(target.put('B', chunk, idle()), 'TARGET_REFUSED_DATA')
    expect(await identities()).toEqual([])
  })

  test('of a chunk whose month is another are not found, and chunks of unknown tables are refused', async () => {
    const { store, target } = await makeRoom()
    const chunk = await stageEvents(store, 'B', 0, 1)
    await target.put('B', chunk, idle())
    expect(await target.has('B', chunk, idle())).toBe(true)
    expect(await target.has('B', { ...chunk, month: '2026-12' }, idle())).toBe(false)
    await expectFault(target.put('B', { ...chunk, table: 'gone' }, idle()), 'TARGET_MISCONFIGURED')
    const { n, table, rows } = chunk
    const blockless = { n, table, month, rows }
    await expectFault(target.put('B', blockless, idle()), 'TARGET_MISCONFIGURED')
  })
})

describe('the current view', () => {
  test('shows what a reload replaces until the entry lands, whatever merges before', async () => {
    const { database, store, target, identities } = await makeRoom()
    const source = { source: 's3://bronze/a' }
    await target.put('A', await stageEvents(store, 'A', 0, 3, source), idle())
    const reload = await stageEvents(store, 'B', 0, 3, { ...source, generation: 1 })
    await target.put('B', reload, idle())
    await clickHouse.run(`OPTIMIZE TABLE ${database}.events FINAL`)
    expect(await identities('events_current')).toEqual(['A#0/0', 'A#0/1', 'A#0/2'])
    expect(await identities('events')).toHaveLength(6)
  })

  test('turns over to a reload when its entry lands, not before', async () => {
    const { database, store, target, identities } = await makeRoom()
    const source = { source: 's3://bronze/a' }
    await target.put('A', await stageEvents(store, 'A', 0, 3, source), idle())
    await target.put('O', await stageEvents(store, 'O', 0, 1, { source: 's3://bronze/o' }), idle())
    await target.put(
      'B',
      await stageEvents(store, 'B', 0, 2, { ...source, generation: 1, kind: 'new' }),
      idle(),
    )
    expect(await identities('events_current')).toEqual(['A#0/0', 'A#0/1', 'A#0/2', 'O#0/0'])
    const entry = reloadRow('B#1', { ...source, generation: 1 })
    await target.put('B', await stageRows(store, reloadsTable, 'B', 1, [entry]), idle())
    expect(await identities('events_current')).toEqual(['B#0/0', 'B#0/1', 'O#0/0'])
    const kinds = await clickHouse.read(
      `SELECT kind, toUInt32(n) AS n FROM ${database}.events_by_kind ORDER BY n`,
    )
    expect(kinds).toEqual([
      { kind: null, n: 1 },
      { kind: 'new', n: 2 },
    ])
  })

  test('shows only the newest of versions that supersede, whichever came last', async () => {
    const { store, target, identities } = await makeRoom()
    const put = async (
      batch: string,
      version: string,
      objectMicros: number,
      generation = 0,
    ): Promise<void> => {
      const options = { source: 's3://bronze/a', version, objectMicros, generation }
      await target.put(batch, await stageEvents(store, batch, 0, 2, options), idle())
      const entry = reloadRow(tokenOf(batch, 1), { ...options, supersedes: true })
      await target.put(batch, await stageRows(store, reloadsTable, batch, 1, [entry]), idle())
    }
    await put('A', 'v1', 1_000_000)
    expect(await identities('events_current')).toEqual(['A#0/0', 'A#0/1'])
    // Reloaded before its first load came to anything.
    await put('C', 'v3', 3_000_000, 1)
    await put('B', 'v2', 2_000_000)
    expect(await identities('events_current')).toEqual(['C#0/0', 'C#0/1'])
    expect(await identities()).toHaveLength(6)
  })

  test('shows all versions again when what superseded is told not to, as the page of overwrites says', async () => {
    const { database, store, target, identities } = await makeRoom()
    for (const [version, supersedes] of [
      ['v1', true],
      ['v2', true],
      ['v3', false],
    ] as const) {
      const options = { source: 's3://bronze/a', version }
      await target.put(version, await stageEvents(store, version, 0, 1, options), idle())
      const entry = reloadRow(tokenOf(version, 1), { ...options, supersedes })
      await target.put(version, await stageRows(store, reloadsTable, version, 1, [entry]), idle())
    }
    expect(await identities('events_current')).toEqual(['v2#0/0'])
    const page = new URL('../../../../docs/reference/overwrites.md', import.meta.url)
    const [, statement = ''] = /--query "(ALTER .*)"/.exec(await readFile(page, 'utf8')) ?? []
    const own = statement.replace('_reloads', `${database}._reloads`).replace('shipments', 'events')
    await clickHouse.run(`${own} SETTINGS mutations_sync = 1`)
    expect(await identities('events_current')).toEqual(['v1#0/0', 'v2#0/0', 'v3#0/0'])
  })

  test('shows the same one of versions whose order nothing tells, whichever came last', async () => {
    const { store, target, identities } = await makeRoom()
    const put = async (batch: string, source: string, version: string): Promise<void> => {
      const options = { source, version, objectMicros: 1_000_000 }
      await target.put(batch, await stageEvents(store, batch, 0, 1, options), idle())
      const entry = reloadRow(tokenOf(batch, 1), { ...options, supersedes: true })
      await target.put(batch, await stageRows(store, reloadsTable, batch, 1, [entry]), idle())
    }
    await put('A', 's3://bronze/a', 'v1')
    await put('B', 's3://bronze/a', 'v2')
    await put('C', 's3://bronze/b', 'v2')
    await put('D', 's3://bronze/b', 'v1')
    expect(await identities('events_current')).toEqual(['B#0/0', 'C#0/0'])
  })
})

describe('materialized views', () => {
  const feed = async (database: string): Promise<void> => {
    await clickHouse.run(
      `CREATE TABLE ${database}.copy (id String, n UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 20000`,
    )
    await clickHouse.run(
      `CREATE MATERIALIZED VIEW ${database}.copier TO ${database}.copy AS SELECT _chunk AS id, _record + throwIf((SELECT count() FROM ${database}.copy WHERE id = 'broken') > 0) AS n FROM ${database}.events`,
    )
  }
  /** A batch id of now, as ULIDs say it. */
  const ulidOf = (time: number): string => {
    const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
    let text = ''
    for (let rest = time, place = 0; place < 10; place += 1, rest = Math.floor(rest / 32))
      text = `${digits[rest % 32]}${text}`
    return `${text}0000000000000000`
  }

  test('are completed by a repeated INSERT that does not double the table', async () => {
    const { database, store, target, identities } = await makeRoom(true)
    await feed(database)
    await clickHouse.run(`INSERT INTO ${database}.copy VALUES ('broken', 0)`)
    const batch = ulidOf(Date.now())
    const chunk = await stageEvents(store, batch, 0, 3)
    await expect(target.put(batch, chunk, idle())).rejects.toThrow(/code 395/)
    await clickHouse.run(
      `ALTER TABLE ${database}.copy DELETE WHERE id = 'broken' SETTINGS mutations_sync = 1`,
    )
    // The table's rows may be in by now; while the token is young that is no proof that the view's are.
    expect(await target.has(batch, chunk, idle())).toBe(false)
    await target.put(batch, chunk, idle())
    await target.put(batch, chunk, idle())
    const copied = await clickHouse.read<{ n: string }>(`SELECT n FROM ${database}.copy ORDER BY n`)
    expect(copied.map(({ n }) => Number(n))).toEqual([0, 1, 2])
    expect(await identities()).toEqual([0, 1, 2].map((record) => `${batch}#0/${record}`))
  })

  const copiedOf = async (database: string): Promise<readonly number[]> => {
    const rows = await clickHouse.read<{ n: string }>(`SELECT n FROM ${database}.copy ORDER BY n`)
    return rows.map(({ n }) => Number(n))
  }
  const breakFeed = (database: string): Promise<void> =>
    clickHouse.run(`INSERT INTO ${database}.copy VALUES ('broken', 0)`)
  const mendFeed = (database: string): Promise<void> =>
    clickHouse.run(
      `ALTER TABLE ${database}.copy DELETE WHERE id = 'broken' SETTINGS mutations_sync = 1`,
    )

  test('that may lack rows of an old batch hold it until they are rebuilt', async () => {
    const { database, settings, store, identities } = await makeRoom()
    await feed(database)
    let time = Date.now()
    const target = createClickHouseTarget({ settings, tables: [events], store, now: () => time })
    const batch = ulidOf(time)
    const chunk = await stageEvents(store, batch, 0, 3)
    await breakFeed(database)
    await expect(target.put(batch, chunk, idle())).rejects.toThrow(/code 395/)
    expect(await identities()).toHaveLength(3)
    await mendFeed(database)
    time += 20 * 60_000
    const asked = target.has(batch, chunk, idle())
    await expectFault(asked, 'TARGET_MISCONFIGURED')
    await expect(asked).rejects.toThrow(/\.copier\).*Rebuild the views: drop them/)
    // As the message says.
    await clickHouse.run(`DROP VIEW ${database}.copier`)
    expect(await target.has(batch, chunk, idle())).toBe(true)
    await clickHouse.run(`DROP TABLE ${database}.copy`)
    await feed(database)
    await clickHouse.run(
      `INSERT INTO ${database}.copy SELECT _chunk AS id, _record AS n FROM ${database}.events`,
    )
    expect(await copiedOf(database)).toEqual([0, 1, 2])
  })

  test('are completed for an old batch too when it was seen not to be there just before', async () => {
    const { database, store, target, identities } = await makeRoom(true)
    await feed(database)
    const batch = ulidOf(Date.now() - 3_600_000)
    const chunk = await stageEvents(store, batch, 0, 3)
    await breakFeed(database)
    expect(await target.has(batch, chunk, idle())).toBe(false)
    await expect(target.put(batch, chunk, idle())).rejects.toThrow(/code 395/)
    await mendFeed(database)
    expect(await target.has(batch, chunk, idle())).toBe(false)
    await target.put(batch, chunk, idle())
    expect(await copiedOf(database)).toEqual([0, 1, 2])
    expect(await identities()).toEqual([0, 1, 2].map((record) => `${batch}#0/${record}`))
  })

  test('made after a passed preflight are seen', async () => {
    const { database, store, target } = await makeRoom()
    const batch = ulidOf(Date.now() - 3_600_000)
    const chunk = await stageEvents(store, batch, 0, 3)
    await target.put(batch, chunk, idle())
    expect(await target.has(batch, chunk, idle())).toBe(true)
    await feed(database)
    await expectFault(target.has(batch, chunk, idle()), 'TARGET_MISCONFIGURED')
  })
})
