import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, normalize } from 'node:path'
import { createClickHouseTarget, createConnection, migrate } from '@silversmith/clickhouse'
import type { ClickHouseSettings } from '@silversmith/clickhouse'
import type { Chunk } from '@silversmith/core'
import { createMemoryStore } from '@silversmith/simulation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startClickHouse } from './engine.ts'
import type { ClickHouseEngine } from './engine.ts'
import { events, stageEvents } from './test-events.ts'

const idle = (): AbortSignal => new AbortController().signal
const moveMsMax = 300_000
const heavyRows = 40_000

let dir: string
let engine: ClickHouseEngine
const store = createMemoryStore()

const settingsNow = (): ClickHouseSettings => ({
  url: engine.url,
  database: 'silver',
  insertTimeoutMs: 60_000,
  connectTimeoutMs: 5_000,
  settings: {},
  engine: 'ReplacingMergeTree',
  deduplicationWindow: 10_000,
})
const targetNow = () => createClickHouseTarget({ settings: settingsNow(), tables: [events], store })

const identities = async (batch: string): Promise<readonly string[]> => {
  const connection = createConnection(settingsNow())
  const rows = await connection.query<{ id: string }>(
    {
      statement: `SELECT concat(_chunk, '/', toString(_record)) AS id FROM silver.events WHERE startsWith(_chunk, '${batch}') ORDER BY _record`,
      what: 'the test',
    },
    idle(),
  )
  await connection.close()
  return rows.map(({ id }) => id)
}

const expected = (batch: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, record) => `${batch}#0/${record}`)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-crash-'))
  engine = await startClickHouse({ dir })
  const connection = createConnection(settingsNow())
  await migrate(connection, [events], settingsNow(), idle())
  await connection.close()
})

afterAll(async () => {
  await engine.close()
  await rm(dir, { recursive: true, force: true })
})

const restart = async (): Promise<void> => {
  await engine.kill()
  engine = await startClickHouse({ dir })
}

test('what was acknowledged is there after SIGKILL, and its token is remembered', async () => {
  const chunk = await stageEvents(store, 'ACKED', 0, 100)
  await targetNow().put('ACKED', chunk, idle())
  await restart()
  expect(await identities('ACKED')).toEqual(expected('ACKED', 100))
  await targetNow().put('ACKED', chunk, idle())
  expect(await identities('ACKED')).toEqual(expected('ACKED', 100))
})

/** Names of all folders and files below `under` that look like this. */
const find = async (under: string, pattern: RegExp): Promise<readonly string[]> =>
  (await readdir(join(dir, under), { recursive: true }).catch(() => [])).filter((name) =>
    pattern.test(name),
  )

const until = async (sees: () => Promise<boolean>): Promise<void> => {
  const end = Date.now() + moveMsMax
  while (!(await sees()))
    if (Date.now() > end) throw new Error('the INSERT was never seen to begin')
}

const moments: readonly (readonly [string, () => Promise<boolean>])[] = [
  ['has its body', async () => (await find('bodies', /./)).length > 0],
  ['writes its part', async () => (await find('data', /tmp_insert_[^/]+$/)).length > 0],
  ['has written some columns', async () => (await find('data', /tmp_insert_[^/]+\/./)).length > 0],
]

test.each(moments)(
  'an INSERT killed when it %s is there exactly once after its replay',
  async (moment, sees) => {
    const batch = `KILLED${moment.replaceAll(/\W/g, '')}`
    const chunk = await stageEvents(store, batch, 0, heavyRows, { nameLength: 500 })
    const put = targetNow()
      .put(batch, chunk, idle())
      .then(
        () => 'done',
        (error: unknown) => error,
      )
    await until(sees)
    await restart()
    expect(await put).toMatchObject({ code: 'TARGET_OUTCOME_UNKNOWN' })
    const between = await identities(batch)
    expect([0, heavyRows]).toContain(between.length)
    expect(await targetNow().has(batch, chunk, idle())).toBe(between.length > 0)
    await targetNow().put(batch, chunk, idle())
    expect(await identities(batch)).toEqual(expected(batch, heavyRows))
  },
  120_000,
)

/**
 * A plain MergeTree writes a token into its log and only then gives the part its name (`MergeTreeSink::commitPart`). Leaves
 * the folder as a crash between the two does: the token is known, the part has a temporary name.
 */
const crashBeforeNaming = async (): Promise<void> => {
  const connection = createConnection(settingsNow())
  const [newest] = await connection.query<{ path: string }>(
    {
      statement:
        "SELECT path FROM system.parts WHERE active AND database = 'silver' AND table = 'events' ORDER BY max_block_number DESC LIMIT 1",
      what: 'the test',
    },
    idle(),
  )
  await connection.close()
  await engine.kill()
  const path = normalize(`${newest?.path}/.`)
  await rename(path, join(dirname(path), `tmp_insert_${basename(path)}`))
  engine = await startClickHouse({ dir })
}

describe('an INSERT killed when its token is known and its part has no name yet', () => {
  let chunk: Chunk
  beforeAll(async () => {
    chunk = await stageEvents(store, 'NAMELESS', 0, 100)
    const connection = createConnection(settingsNow())
    await connection.command('SYSTEM STOP MERGES silver.events', 'the test', idle())
    await connection.close()
    await targetNow().put('NAMELESS', chunk, idle())
    await crashBeforeNaming()
  })

  test('is taken for done by the engine, without a row', async () => {
    expect(await identities('NAMELESS')).toEqual([])
    await targetNow().put('NAMELESS', chunk, idle())
    expect(await identities('NAMELESS')).toEqual([])
  })

  test('is there once after its replay by whoever looked first, under another token', async () => {
    const target = targetNow()
    expect(await target.has('NAMELESS', chunk, idle())).toBe(false)
    await target.put('NAMELESS', chunk, idle())
    await target.put('NAMELESS', chunk, idle())
    expect(await identities('NAMELESS')).toEqual(expected('NAMELESS', 100))
  })

  test('and again in the replay, is there once all the same, whoever comes', async () => {
    await crashBeforeNaming()
    const targets = [targetNow(), targetNow(), targetNow()]
    for (const target of targets) expect(await target.has('NAMELESS', chunk, idle())).toBe(false)
    await Promise.all(targets.map((target) => target.put('NAMELESS', chunk, idle())))
    expect(await identities('NAMELESS')).toEqual(expected('NAMELESS', 100))
  })
})
