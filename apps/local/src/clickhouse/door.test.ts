import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createConnection } from '@silversmith/clickhouse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startClickHouse } from './engine.ts'
import type { ClickHouseEngine } from './engine.ts'

let dir: string
let engine: ClickHouseEngine

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-door-'))
  engine = await startClickHouse({ dir })
})

afterAll(async () => {
  await engine.close()
  await rm(dir, { recursive: true, force: true })
})

const ask = async (
  parameters: Readonly<Record<string, string>>,
  body?: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
) => {
  const url = `${engine.url}/?${new URLSearchParams(parameters)}`
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
  })
  return {
    status: response.status,
    code: response.headers.get('x-clickhouse-exception-code'),
    headers: response.headers,
    text: await response.text(),
  }
}

describe('the door speaks as ClickHouse does', () => {
  test('ping', async () => {
    const response = await fetch(`${engine.url}/ping`)
    expect([response.status, await response.text()]).toEqual([200, 'Ok.\n'])
  })

  test('a statement in the URL, in the body, and in both', async () => {
    expect((await ask({ query: 'SELECT 1' })).text).toBe('1\n')
    expect((await ask({}, 'SELECT 2')).text).toBe('2\n')
    expect((await ask({ query: 'SELECT' }, '3')).text).toBe('3\n')
  })

  test('formats, by statement, parameter and header', async () => {
    expect((await ask({ query: 'SELECT 1 AS x FORMAT JSONEachRow' })).text).toBe('{"x":1}\n')
    expect((await ask({ query: 'SELECT 1 AS x', default_format: 'CSVWithNames' })).text).toBe(
      '"x"\n1\n',
    )
    const byHeader = await ask({ query: 'SELECT 1 AS x' }, '', {
      'x-clickhouse-format': 'JSONEachRow',
    })
    expect(byHeader.text).toBe('{"x":1}\n')
  })

  test('parameters, settings and database, none of which outlives its request', async () => {
    await ask({}, 'CREATE DATABASE IF NOT EXISTS other')
    const asked = await ask({
      query: "SELECT {x:String}, getSetting('max_threads'), currentDatabase()",
      param_x: "it's é",
      max_threads: '3',
      database: 'other',
    })
    expect(asked.text).toBe("it\\'s é\t3\tother\n")
    expect(
      (await ask({ query: "SELECT getSetting('max_threads') = 3, currentDatabase()" })).text,
    ).toBe('0\tdefault\n')
    expect((await ask({ query: 'SELECT {x:String}' })).code).toBe('456')
  })

  test('texts come through the ordinary client unchanged', async () => {
    const connection = createConnection({
      url: engine.url,
      database: 'default',
      insertTimeoutMs: 1,
      connectTimeoutMs: 5_000,
      settings: {},
      engine: 'ReplacingMergeTree',
      deduplicationWindow: 1,
    })
    const text = `a\\b 'c' "d" \t\n \\t é ☃ {x:String}`
    const rows = await connection.query(
      { statement: 'SELECT {x:String} AS x', parameters: { x: text }, what: 'the test' },
      new AbortController().signal,
    )
    expect(rows).toEqual([{ x: text }])
    await connection.close()
  })

  test.each([
    ['SELECT * FROM nowhere', 404, '60'],
    ['SELECT FROM WHERE', 400, '62'],
    ["SELECT toUInt8('x')", 400, '6'],
    ["SELECT throwIf(1, 'no')", 500, '395'],
  ])('%s → status %i, exception %s', async (query, status, code) => {
    const asked = await ask({ query })
    expect([asked.status, asked.code]).toEqual([status, code])
    expect(asked.text).toContain(`Code: ${code}. DB::Exception: `)
  })

  test('an unknown setting is an error', async () => {
    const asked = await ask({ query: 'SELECT 1', no_such_setting: '1' })
    expect([asked.status, asked.code]).toEqual([404, '115'])
  })

  test('gzip in both directions', async () => {
    await ask({}, 'CREATE TABLE z (x UInt8) ENGINE = MergeTree ORDER BY x')
    const sent = gzipSync('{"x":1}\n{"x":2}\n')
    const headers = { 'content-encoding': 'gzip' }
    expect((await ask({ query: 'INSERT INTO z FORMAT JSONEachRow' }, sent, headers)).status).toBe(
      200,
    )
    const raw = await new Promise<Buffer>((resolve, reject) => {
      request(
        `${engine.url}/?${new URLSearchParams({ query: 'SELECT sum(x) FROM z' })}`,
        { headers: { 'accept-encoding': 'gzip' } },
        (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('end', () => resolve(Buffer.concat(parts)))
        },
      )
        .on('error', reject)
        .end()
    })
    expect(gunzipSync(raw).toString()).toBe('3\n')
  })

  test('an INSERT respects its columns, its SETTINGS and its token', async () => {
    await ask(
      {},
      'CREATE TABLE c (x UInt8, y UInt8) ENGINE = MergeTree ORDER BY x SETTINGS non_replicated_deduplication_window = 100',
    )
    const insert = (query: string, token?: string) =>
      ask({ query, ...(token && { insert_deduplication_token: token }) }, '{"x":1,"y":9}\n')
    await insert('INSERT INTO c (x) FORMAT JSONEachRow', 'a')
    await insert('INSERT INTO c (x) FORMAT JSONEachRow', 'a')
    await insert(
      "INSERT INTO c (x, y) SETTINGS insert_deduplication_token = 'a' FORMAT JSONEachRow",
    )
    await insert('INSERT INTO c (x, y) FORMAT JSONEachRow', 'b')
    await ask({}, 'INSERT INTO c VALUES (2, 2)')
    expect((await ask({ query: 'SELECT x, y FROM c ORDER BY ALL' })).text).toBe(
      '1\t0\n1\t9\n2\t2\n',
    )
  })

  test('every answer names its query, as real servers do since 23.2', async () => {
    await ask({}, 'CREATE TABLE q (x UInt8) ENGINE = MergeTree ORDER BY x')
    for (const query of ['INSERT INTO q FORMAT JSONEachRow', 'INSERT INTO gone FORMAT TSV']) {
      const asked = await ask({ query, query_id: 'B#0-1f' }, '{"x":1}\n')
      expect(asked.headers.get('x-clickhouse-query-id')).toBe('B#0-1f')
    }
  })

  test('binary comes out as it went in', async () => {
    const url = `${engine.url}/?${new URLSearchParams({ query: 'SELECT number AS n FROM numbers(5) FORMAT Parquet' })}`
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
    await ask({}, 'CREATE TABLE p (n UInt64) ENGINE = MergeTree ORDER BY n')
    const asked = await ask({ query: 'INSERT INTO p (n) FORMAT Parquet' }, bytes)
    expect([asked.status, asked.text]).toEqual([200, ''])
    expect((await ask({ query: 'SELECT groupArray(n) FROM p' })).text).toBe('[0,1,2,3,4]\n')
  })

  test('a cut Parquet body changes nothing', async () => {
    const url = `${engine.url}/?${new URLSearchParams({ query: 'SELECT number AS n FROM numbers(5) FORMAT Parquet' })}`
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
    await ask({}, 'CREATE TABLE cut (n UInt64) ENGINE = MergeTree ORDER BY n')
    const asked = await ask({ query: 'INSERT INTO cut (n) FORMAT Parquet' }, bytes.subarray(0, -1))
    expect(asked.code).not.toBeNull()
    expect((await ask({ query: 'SELECT count() FROM cut' })).text).toBe('0\n')
  })

  test('merges can be stopped', async () => {
    await ask({}, 'CREATE TABLE m (x UInt8) ENGINE = ReplacingMergeTree ORDER BY x')
    await ask({}, 'SYSTEM STOP MERGES m')
    for (let i = 0; i < 3; i += 1) await ask({}, 'INSERT INTO m VALUES (1)')
    const forced = await ask({}, 'OPTIMIZE TABLE m FINAL')
    expect(forced.code).not.toBeNull()
    expect((await ask({ query: 'SELECT count() FROM m' })).text).toBe('3\n')
  })
})

describe('starting', () => {
  test('a second engine on the same folder is refused with the reason', async () => {
    await expect(startClickHouse({ dir })).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
  })

  test('the door says so where the engine does not exist', async () => {
    const hide = `data:text/javascript,import{registerHooks}from'node:module';registerHooks({resolve:(s,c,n)=>{if(s==='chdb')throw new Error('not here');return n(s,c)}})`
    const door = join(import.meta.dirname, 'door.ts')
    const child = spawn(process.execPath, ['--import', hide, door, '--dir', join(dir, 'x')])
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const [status] = (await once(child, 'exit')) as [number]
    expect(status).toBe(1)
    expect(JSON.parse(line.toString())).toEqual({ problem: expect.stringContaining('chdb') })
  })

  test('the engine ends with the process that started it', async () => {
    const home = await mkdtemp(join(tmpdir(), 'silversmith-door-'))
    const starter = `import { startClickHouse } from ${JSON.stringify(join(import.meta.dirname, 'engine.ts'))}
      const { pid } = await startClickHouse({ dir: ${JSON.stringify(home)} })
      console.log(pid)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', starter])
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    child.kill('SIGKILL')
    const end = Date.now() + 20_000
    const alive = (): boolean => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    while (alive()) {
      if (Date.now() > end) throw new Error('the engine outlived its starter')
      await new Promise((resolve) => setImmediate(resolve))
    }
    await rm(home, { recursive: true, force: true })
  })
})
