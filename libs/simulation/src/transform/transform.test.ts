import { gzipSync } from 'node:zlib'
import {
  type Batch,
  type Chunk,
  columnsOf,
  defaultLimits,
  Fault,
  type Ledger,
  type Source,
  type Target,
} from '@silversmith/core'
import { createTransform, stagingPrefix } from '@silversmith/flow'
import { createParquetEncoder } from '@silversmith/parquet'
import { describe, expect, test } from 'vitest'
import { createMemoryIds } from '../index.ts'
import { createRoom, notes, pipeline } from './transform-room.ts'

const day = 86_400_000

describe('a healthy run', () => {
  test('brings every row once to both targets, every bad record to quarantine, and leaves no staging', async () => {
    const world = createRoom()
    const a = world.put(
      'a.jsonl',
      `{"id":"a0"}\n{"id":"a1","at":${40 * day}}\n{"x":1}\n{"id":"skip"}\noops`,
    )
    const b = world.put('b.jsonl', '{"id":"b0"}\n{"id":"b0"}')
    expect(await world.run(a, b)).toEqual([])

    const expected = [
      's3://b/a.jsonl#0=a0',
      's3://b/a.jsonl#1=a1',
      's3://b/b.jsonl#0=b0',
      's3://b/b.jsonl#1=b0',
    ]
    expect(world.names(world.rows())).toEqual(expected)
    expect(world.names(await world.silver())).toEqual(expected)
    expect(new Set((await world.silver()).map(({ day }) => day))).toEqual(
      new Set(['dt=1970-01-01', 'dt=1970-02-10']),
    )
    expect(world.quarantined()).toMatchObject([
      {
        source: 's3://b/a.jsonl',
        record: 2,
        line: 3,
        offset: 35 + String(40 * day).length - 5,
        reason: 'no_id',
        path: 'id',
        raw: '{"x":1}',
      },
      { record: 4, line: 5, reason: 'invalid_json', raw: 'oops' },
    ])
    const [manifest] = world.manifests()
    expect(manifest?.sources).toMatchObject([
      { disposition: 'rows', records: 5, rows: 2, rejected: 2, discarded: 1 },
      { disposition: 'rows', records: 2, rows: 2, rejected: 0, discarded: 0 },
    ])
    expect(world.items<Batch>('batch')).toMatchObject([{ state: 'C' }])
    expect(world.staged()).toEqual([])
  })

  test('rows of one month are one block for ClickHouse and a file per day for silver, with equal values', async () => {
    const world = createRoom()
    await world.run(
      world.put('a.jsonl', [0, 1, 2, 2].map((n) => `{"id":"r${n}","at":${n * day}}`).join('\n')),
    )
    const [manifest] = world.manifests()
    expect(manifest?.chunks).toMatchObject([{ n: 0, month: '1970-01', rows: 4 }])
    expect(manifest?.chunks[0]?.days?.map(({ day, rows }) => [day, rows])).toEqual([
      ['1970-01-01', 1],
      ['1970-01-02', 1],
      ['1970-01-03', 2],
    ])
    const columns = columnsOf(notes.tables[0]!).map(({ name }) => name)
    const values = (rows: readonly Record<string, unknown>[]) =>
      rows.map((row) => columns.map((name) => String(row[name])).join('|')).toSorted()
    expect(values(await world.silver())).toEqual(values(world.rows()))
  })

  test('chunks close at their row limit and carry their own number', async () => {
    const world = createRoom({ limits: { chunkRowsMax: 3 } })
    await world.run(
      world.put('a.jsonl', Array.from({ length: 8 }, (_, n) => `{"id":"${n}"}`).join('\n')),
    )
    expect(world.manifests()[0]?.chunks.map(({ n, rows }) => [n, rows])).toEqual([
      [0, 3],
      [1, 3],
      [2, 2],
    ])
    expect(new Set(world.rows().map((row) => row['_chunk'])).size).toBe(3)
    expect(world.rows()).toHaveLength(8)
  })

  test('delivered again, together, twice in one event or after an overwrite, loads nothing twice', async () => {
    const world = createRoom()
    const a = world.put('a.jsonl', '{"id":"a"}')
    expect(await world.run(a, a)).toEqual([])
    expect(await world.run(a)).toEqual([])
    const b = world.put('a.jsonl', '{"id":"b"}')
    expect(await world.run(b, a)).toEqual([])
    expect(world.names(world.rows())).toEqual(['s3://b/a.jsonl#0=a', 's3://b/a.jsonl#0=b'])
  })
})

describe('a reload', () => {
  test('loads the source once more with its generation, and enters it last of all', async () => {
    const world = createRoom({ limits: { chunkRowsMax: 1 } })
    const a = world.put('a.jsonl', '{"id":"a0"}\n{"id":"a1"}')
    await world.run(a)
    const reload = { ...a, generation: 2 }
    expect(await world.run(reload)).toEqual([])
    expect(await world.run(reload, a)).toEqual([])
    expect(world.rows().map((row) => [row['id'], row['_generation']])).toEqual([
      ['a0', 0],
      ['a1', 0],
      ['a0', 2],
      ['a1', 2],
    ])
    expect(world.engine.rows('_reloads')).toMatchObject([
      {
        table_name: 'notes',
        _source: 's3://b/a.jsonl',
        _version: a.object.version,
        _generation: 2,
      },
    ])
    expect(world.manifests()[1]?.chunks.at(-1)).toMatchObject({ table: '_reloads' })
  })
})

describe('a reload that finds the object gone', () => {
  test('does not keep the object out when it is put back: it is loaded for the reload', async () => {
    const world = createRoom()
    const a = world.put('a.jsonl', '{"id":"a"}')
    world.bronze.deleteObject('b', 'a.jsonl')
    await world.run({ ...a, generation: 3 })
    expect(world.dispositions()).toEqual({ 'a.jsonl': 'gone' })
    world.put('a.jsonl', '{"id":"a"}')
    expect(await world.run(a)).toEqual([])
    expect(world.rows()).toMatchObject([{ id: 'a', _generation: 3 }])
    expect(world.engine.rows('_reloads')).toMatchObject([{ _generation: 3 }])
  })
})

describe('bad objects', () => {
  test('each get a disposition with its reason, and the good ones beside them load whole', async () => {
    const world = createRoom({ limits: { objectBytesMax: 5000, decompressedBytesMax: 10_000 } })
    const lines = Array.from({ length: 40 }, (_, n) => `{"id":"${n * 7919}"}`).join('\n')
    const gone = world.put('gone.jsonl', '{"id":"g"}')
    world.bronze.deleteObject('b', 'gone.jsonl')
    const replaced = world.put('replaced.jsonl', '{"id":"old"}')
    world.put('replaced.jsonl', '{"id":"new"}')
    const sources = [
      world.put('good.jsonl', '{"id":"good"}'),
      world.put('cut.jsonl.gz', gzipSync(lines).subarray(0, -12)),
      world.put('bomb.jsonl.gz', gzipSync(`{"id":"${'x'.repeat(20_000)}"}`)),
      world.put('large.jsonl', `{"id":"${'x'.repeat(6000)}"}`),
      world.put('empty.jsonl', ''),
      world.put('nowhere.csv', 'a,b', ''),
      world.put('other.jsonl', '{}', 'unheard_of'),
      world.put('last.jsonl', '{"id":"last"}'),
    ]
    const nowhere = sources.map((one) =>
      one.object.key === 'nowhere.csv' ? { ...one, dataset: undefined } : one,
    )
    expect(await world.run(gone, replaced, ...nowhere)).toEqual([])
    expect(world.dispositions()).toEqual({
      ...{
        'gone.jsonl': 'gone',
        'replaced.jsonl': 'gone',
        'good.jsonl': 'rows',
        'last.jsonl': 'rows',
      },
      ...{ 'cut.jsonl.gz': 'unreadable', 'bomb.jsonl.gz': 'too-large', 'large.jsonl': 'too-large' },
      ...{ 'empty.jsonl': 'empty', 'nowhere.csv': 'unrouted', 'other.jsonl': 'unrouted' },
    })
    const refused = world
      .manifests()[0]
      ?.sources.filter(({ disposition }) => !/rows|empty/.test(disposition))
    for (const { reason } of refused ?? []) expect(reason).toMatch(/.{20}/)
    expect(world.names(world.rows())).toEqual([
      's3://b/good.jsonl#0=good',
      's3://b/last.jsonl#0=last',
    ])
    expect(world.quarantined()).toEqual([])
  })

  test('bad records are kept whole with their reason; a mapping that throws costs its record only', async () => {
    const world = createRoom({ limits: { recordBytesMax: 100, quarantineRawBytesMax: 10 } })
    const bad = Buffer.concat([
      Buffer.from('{"id":"ok"}\n'),
      Buffer.from([0x22, 0xff, 0xfe, 0x22, 10]),
      Buffer.from(`{"id":"bug"}\n{"id":"${'x'.repeat(500)}"}\n{"id":"end"}`),
    ])
    await world.run(world.put('a.jsonl', bad))
    expect(world.names(world.rows())).toEqual(['s3://b/a.jsonl#0=ok', 's3://b/a.jsonl#4=end'])
    const byRecord = world
      .quarantined()
      .toSorted((a, b) => Number(a['record']) - Number(b['record']))
    expect(byRecord).toMatchObject([
      { record: 1, reason: 'invalid_utf8', raw: 'Iv/+Ig==', rawEncoding: 'base64' },
      { record: 2, reason: 'mapping_failed', raw: '{"id":"bug"}' },
      { record: 3, reason: 'record_too_large', raw: '{"id":"xxx', sizeBytes: 509 },
    ])
    expect(byRecord[2]?.['sha256']).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(world.log.events)).not.toContain('secret')
  })

  test('a reason that is no plain word is not taken: no listing would find its file', async () => {
    const world = createRoom()
    await world.run(world.put('a.jsonl', '{"id":"odd"}'))
    expect(world.quarantined()).toMatchObject([{ reason: 'mapping_failed', raw: '{"id":"odd"}' }])
  })

  test('a version found gone is loaded when the same bytes are put again', async () => {
    const world = createRoom()
    const a = world.put('a.jsonl', '{"id":"a"}')
    world.bronze.deleteObject('b', 'a.jsonl')
    await world.run(a)
    expect(world.rows()).toEqual([])
    const again = world.put('a.jsonl', '{"id":"a"}')
    expect(again.id).toBe(a.id)
    await world.run(again)
    expect(world.names(world.rows())).toEqual(['s3://b/a.jsonl#0=a'])
  })

  test('one that cannot be read now stays on the queue and holds nobody back', async () => {
    let isDenied = true
    const world = createRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: (object, signal) =>
          isDenied && object.key === 'denied.jsonl'
            ? Promise.reject(new Fault('STORE_DENIED', 'no'))
            : bronze.open(object, signal),
      }),
    })
    const denied = world.put('denied.jsonl', '{"id":"d"}')
    const good = world.put('good.jsonl', '{"id":"g"}')
    expect(await world.run(denied, good)).toEqual(['0-denied.jsonl'])
    expect(world.names(world.rows())).toEqual(['s3://b/good.jsonl#0=g'])
    isDenied = false
    expect(await world.run(denied)).toEqual([])
    expect(world.names(world.rows())).toEqual(['s3://b/denied.jsonl#0=d', 's3://b/good.jsonl#0=g'])
  })
})

describe('a target that fails', () => {
  const failing =
    (state: { isDown: boolean; puts: string[] }) =>
    (target: Target): Target => ({
      ...target,
      put: async (batch: string, chunk: Chunk, signal: AbortSignal) => {
        if (state.isDown) throw new Fault('TARGET_UNAVAILABLE', 'down')
        state.puts.push(`${batch}#${chunk.n}`)
        await target.put(batch, chunk, signal)
      },
    })

  test('never stops the other; messages are acked, the sweep applies the rest when it is back', async () => {
    const state = { isDown: true, puts: [] as string[] }
    const world = createRoom({ clickhouse: failing(state), limits: { chunkRowsMax: 1 } })
    expect(await world.run(world.put('a.jsonl', '{"id":"a"}\n{"id":"b"}'))).toEqual([])
    expect(world.names(await world.silver())).toHaveLength(2)
    expect(world.items<Batch>('batch')).toMatchObject([
      { state: 'S', done: { silver: 2, clickhouse: 0 } },
    ])
    expect(world.staged()).not.toEqual([])

    await world.sweepAndRun()
    expect(world.items<Batch>('batch')).toMatchObject([{ state: 'S', failures: 2 }])
    state.isDown = false
    await world.sweepAndRun()
    expect(world.items<Batch>('batch')).toMatchObject([{ state: 'C' }])
    expect(world.names(world.rows())).toEqual(['s3://b/a.jsonl#0=a', 's3://b/a.jsonl#1=b'])
    expect(world.staged()).toEqual([])
  })

  test('after its rows had landed gets none twice, though the window has long forgotten the token', async () => {
    let isLost = true
    const world = createRoom({
      clickhouse: (target) => ({
        ...target,
        put: async (...args) => {
          await target.put(...args)
          if (isLost) throw new Fault('TARGET_DENIED', 'the answer never came')
        },
      }),
    })
    await world.run(world.put('a.jsonl', '{"id":"a"}'))
    world.engine.forgetTokens()
    isLost = false
    await world.sweepAndRun()
    expect(world.names(world.rows())).toEqual(['s3://b/a.jsonl#0=a'])
    expect(world.items<Batch>('batch')).toMatchObject([{ state: 'C' }])
  })
})

describe('poison', () => {
  /** A world whose process dies (never answers again) when it opens the poison. */
  const createDeadly = () => {
    const opened: string[] = []
    const world = createRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: (object, signal) => {
          opened.push(object.key)
          return object.key === 'poison.jsonl'
            ? new Promise(() => undefined)
            : bronze.open(object, signal)
        },
      }),
    })
    /** One invocation; a dead one leaves all its messages. */
    const invoke = async (sources: readonly Source[]): Promise<Source[]> => {
      const dead = Symbol('dead')
      const beats = (async () => {
        for (let beat = 0; beat < 300; beat += 1)
          await new Promise((resolve) => setImmediate(resolve))
        return dead
      })()
      const left = await Promise.race([world.run(...sources), beats])
      world.clock.advance(200_000)
      return left === dead
        ? [...sources]
        : sources.filter((_, index) => (left as string[]).some((id) => id.startsWith(`${index}-`)))
    }
    return { world, invoke, opened }
  }

  test('is found alone by halving, condemned after three solo opens, and nobody else with it', async () => {
    const { world, invoke, opened } = createDeadly()
    const sources = Array.from({ length: 9 }, (_, n) => world.put(`${n}.jsonl`, `{"id":"${n}"}`))
    let left: Source[] = [...sources, world.put('poison.jsonl', '{"id":"p"}')]
    let invocations = 0
    while (left.length > 0 && invocations < 60) {
      left = await invoke(left)
      invocations += 1
    }
    expect(left).toEqual([])
    expect(world.dispositions()['poison.jsonl']).toBe('poison')
    expect(world.names(world.rows())).toEqual(sources.map((_, n) => `s3://b/${n}.jsonl#0=${n}`))
    expect(invocations).toBeLessThan(25)
    expect(opened.filter((key) => key === 'poison.jsonl').length).toBeLessThan(12)
  })

  test('a lone object is not condemned by invocations that run into their deadline', async () => {
    let hangs = true
    const world = createRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: async (object, signal) => {
          if (!hangs) return bronze.open(object, signal)
          stop.abort()
          throw new Fault('DEADLINE_REACHED', 'stopped')
        },
      }),
    })
    let stop = new AbortController()
    const a = world.put('a.jsonl', '{"id":"a"}')
    for (let n = 0; n < 8; n += 1) {
      stop = new AbortController()
      const call = { deadline: world.clock.now(), signal: stop.signal }
      expect(await world.transform(world.deliver(a), call)).toHaveLength(1)
      world.clock.advance(400_000)
    }
    hangs = false
    expect(await world.run(a)).toEqual([])
    expect(world.dispositions()).toEqual({ 'a.jsonl': 'rows' })
  })

  test('a lone object is not condemned by an outage, however long', async () => {
    let isDown = true
    const world = createRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: (object, signal) =>
          isDown
            ? Promise.reject(new Fault('STORE_UNAVAILABLE', 'down'))
            : bronze.open(object, signal),
      }),
    })
    const a = world.put('a.jsonl', '{"id":"a"}')
    for (let n = 0; n < 12; n += 1) {
      expect(await world.run(a)).toHaveLength(1)
      world.clock.advance(400_000)
    }
    isDown = false
    expect(await world.run(a)).toEqual([])
    expect(world.dispositions()).toEqual({ 'a.jsonl': 'rows' })
  })
})

describe('the pipeline', () => {
  test('refuses other targets than it began with, naming both', async () => {
    const world = createRoom()
    await world.run(world.put('a.jsonl', '{"id":"a"}'))
    const { store, clock, log, bronze } = world
    const ledger: Ledger = {
      read: async (keys) =>
        keys.map(() => ({
          revision: 1,
          item: { kind: 'pipeline', id: pipeline, targets: ['silver'] },
        })),
      write: async () => false,
      listOpen: async () => [],
    }
    const other = createTransform({
      ...{
        pipeline,
        datasets: [notes],
        store,
        clock,
        log,
        bronze,
        ledger,
        ids: createMemoryIds(7, clock),
      },
      targets: [
        {
          name: 'clickhouse',
          has: async () => false,
          check: async () => undefined,
          put: async () => undefined,
        },
      ],
      encoder: createParquetEncoder(),
      limits: defaultLimits,
      contracts: {},
      overwrites: {},
      quarantineFiles: { bucket: 'silver', prefix: 'quarantine/' },
    })
    await expect(other([], world.call())).rejects.toThrow(/writes to silver .* set to clickhouse/)
  })

  test('leaves a message that is not its own on the queue, and says so', async () => {
    const world = createRoom()
    const good = world.put('a.jsonl', '{"id":"a"}')
    const left = await world.transform(
      [{ messageId: 'x', message: undefined }, ...world.deliver(good)],
      world.call(),
    )
    expect(left).toEqual(['x'])
    expect(world.log.events).toContainEqual(
      expect.objectContaining({ kind: 'message-unreadable', messageId: 'x' }),
    )
    expect(world.rows()).toHaveLength(1)
  })

  test('sweeps what a dead worker left: the forming batch is ended, its staging removed by state', async () => {
    const world = createRoom({
      bronze: (bronze) => ({ ...bronze, open: () => new Promise(() => undefined) }),
    })
    void world.run(world.put('a.jsonl', '{"id":"a"}'))
    for (let beat = 0; beat < 100; beat += 1) await new Promise((resolve) => setImmediate(resolve))
    const [batch] = world.items<Batch>('batch')
    expect(batch?.state).toBe('F')
    const bytes = Buffer.from('x')
    await world.store.write(
      `${stagingPrefix}${batch?.id}/1-0.parquet`,
      bytes,
      {
        sha256: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
        contentType: 'x',
      },
      world.call().signal,
    )
    await world.sweep(world.call())
    expect(world.items<Batch>('batch')).toMatchObject([{ state: 'F' }])
    expect(world.staged()).toHaveLength(1)
    world.clock.advance(200_000)
    expect(await world.sweep(world.call())).toMatchObject({ aborted: 1, sent: 0 })
    expect(world.items<Batch>('batch')).toMatchObject([{ state: 'A', end: 'lost' }])
    expect(world.staged()).toEqual([])
  })
  test('sweeps its own batches however many older ones another pipeline has left open', async () => {
    const world = createRoom()
    const left = (n: number, own: string): Batch => ({
      ...{ kind: 'batch', id: `${own}-${n}`, pipeline: own, state: 'S', owner: 'o' },
      ...{ leaseUntil: n, sourceCount: 1 },
    })
    for (let n = 0; n < 600; n += 1)
      await world.ledger.write(left(n, 'old'), 0, world.call().signal)
    await world.ledger.write(left(600, pipeline), 0, world.call().signal)
    expect(await world.sweep(world.call())).toEqual({ found: 1, sent: 1, resting: 0, aborted: 0 })
    expect(world.queue.take().map((body) => JSON.parse(body))).toMatchObject([
      { batch: `${pipeline}-600` },
    ])
  })
})
