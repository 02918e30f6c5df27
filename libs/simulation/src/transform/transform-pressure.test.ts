import { gzipSync } from 'node:zlib'
import { type Batch, type Bronze, Fault, type Limits, type Store } from '@silversmith/core'
import { stagingPrefix } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createRoom } from './transform-room.ts'

/** A time limit as Lambda sets it: past the deadline every port refuses. */
const createTimer = () => {
  let stop = new AbortController()
  let deadline = Infinity
  return {
    begin: (nowMs: number, forMs = 60_000) => {
      stop = new AbortController()
      deadline = nowMs + forMs
      return { deadline, signal: stop.signal }
    },
    check: (nowMs: number): void => {
      if (nowMs > deadline) stop.abort()
    },
  }
}

describe('when time is short', () => {
  /** Every piece of an object takes two seconds. */
  const slowly =
    (room: () => ReturnType<typeof createRoom>, timer: ReturnType<typeof createTimer>) =>
    (bronze: Bronze): Bronze => ({
      ...bronze,
      open: async (object, signal) => {
        const opened = await bronze.open(object, signal)
        const body = (async function* () {
          for await (const piece of opened.body) {
            room().clock.advance(2_000)
            timer.check(room().clock.now())
            yield piece
          }
        })()
        return { ...opened, body }
      },
    })

  test('a queue with more work than one invocation can do is worked off, every row once', async () => {
    const timer = createTimer()
    const room: ReturnType<typeof createRoom> = createRoom({ bronze: slowly(() => room, timer) })
    const all = Array.from({ length: 60 }, (_, n) => room.put(`${n}.jsonl`, `{"id":"${n}"}`))
    let left = all
    let invocations = 0
    for (; left.length > 0 && invocations < 20; invocations += 1) {
      const ids = await room.transform(room.deliver(...left), timer.begin(room.clock.now()))
      left = left.filter((_, index) => ids.includes(`${index}-${left[index]!.object.key}`))
      room.clock.advance(600_000)
    }
    expect(left).toEqual([])
    expect(room.names(room.rows())).toEqual(
      all.map((_, n) => `s3://b/${n}.jsonl#0=${n}`).toSorted(),
    )
    expect(invocations).toBeGreaterThan(1)
  })

  test('an object that takes all the time there is does not keep the others out', async () => {
    const timer = createTimer()
    let isStuck = true
    const room: ReturnType<typeof createRoom> = createRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: async (object, signal) => {
          const opened = await bronze.open(object, signal)
          if (object.key !== 'slow.jsonl' || !isStuck) return opened
          const body = (async function* () {
            yield Buffer.from('{"id":"s"}\n')
            room.clock.advance(70_000)
            timer.check(room.clock.now())
            yield Buffer.from('{"id":"z"}\n')
          })()
          return { ...opened, body }
        },
      }),
    })
    const all = [
      room.put('slow.jsonl', '{"id":"s"}'),
      ...[0, 1, 2, 3, 4].map((n) => room.put(`${n}.jsonl`, `{"id":"${n}"}`)),
    ]
    for (let n = 0; n < 4; n += 1) {
      await room.transform(room.deliver(...all), timer.begin(room.clock.now()))
      room.clock.advance(600_000)
    }
    expect(room.names(room.rows())).toEqual([0, 1, 2, 3, 4].map((n) => `s3://b/${n}.jsonl#0=${n}`))
    isStuck = false
    expect(await room.run(...all)).toEqual([])
    expect(room.names(room.rows())).toHaveLength(6)
  })

  test('a large object gets its time also beside a steady flow of others', async () => {
    const timer = createTimer()
    const room: ReturnType<typeof createRoom> = createRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: async (object, signal) => {
          const opened = await bronze.open(object, signal)
          const pieceMs = object.key === 'large.jsonl' ? 1_000 : 900
          const pieces = object.key === 'large.jsonl' ? 35 : 1
          const body = (async function* () {
            for (let n = 0; n < pieces; n += 1) {
              room.clock.advance(pieceMs)
              timer.check(room.clock.now())
              yield Buffer.from(`{"id":"${object.key}${n}"}\n`)
            }
          })()
          return { ...opened, body }
        },
      }),
    })
    const large = room.put('large.jsonl', '{}')
    let left: readonly string[] = ['large']
    for (let n = 0; n < 12 && left.some((id) => id.includes('large')); n += 1) {
      const others = Array.from({ length: 30 }, (_, m) => room.put(`${n}-${m}.jsonl`, '{}'))
      left = await room.transform(room.deliver(large, ...others), timer.begin(room.clock.now()))
      room.clock.advance(600_000)
    }
    expect(room.rows().filter((row) => row['_source'] === 's3://b/large.jsonl')).toHaveLength(35)
  })

  /** An object in 100 pieces, each a second after the one before. */
  const deliverEndless = async (
    limits: Partial<Limits>,
    pieceOf: (n: number) => string = (n) => `{"id":"${n}"}\n`,
  ) => {
    const timer = createTimer()
    const room: ReturnType<typeof createRoom> = createRoom({
      limits,
      bronze: (bronze) => ({
        ...bronze,
        open: async (object, signal) => {
          const opened = await bronze.open(object, signal)
          if (object.key !== 'endless.jsonl') return opened
          const body = (async function* () {
            for (let n = 0; n < 100; n += 1) {
              room.clock.advance(1_000)
              timer.check(room.clock.now())
              yield Buffer.from(pieceOf(n))
            }
          })()
          return { ...opened, body }
        },
      }),
    })
    const endless = room.put('endless.jsonl', '{}')
    let left: readonly string[] = ['endless']
    for (let invocations = 0; left.length > 0 && invocations < 10; invocations += 1) {
      const other = room.put(`${invocations}.jsonl`, `{"id":"o"}`)
      left = await room.transform(room.deliver(endless, other), timer.begin(room.clock.now()))
      room.clock.advance(600_000)
    }
    return { room, endless, left }
  }

  test('an object that no invocation can read to its end is set aside with what was measured, and nothing of it stays', async () => {
    const { room, endless, left } = await deliverEndless({ tooLargeBytesMin: 1 })
    expect(left).toEqual([])
    expect(room.rows().map((row) => row['_source'])).not.toContain('s3://b/endless.jsonl')
    const listed = (await room.manifests()).flatMap(({ sources }) => sources)
    expect(listed.filter(({ id }) => id === endless.id)).toEqual([
      expect.objectContaining({
        disposition: 'too-large',
        reason: expect.stringMatching(/cannot be read within one invocation.*records.*split it/),
        rows: 0,
      }),
    ])
    expect(listed.filter(({ disposition }) => disposition === 'rows').length).toBeGreaterThan(1)
  })

  test.each([
    ['blank lines', '\n\n'],
    ['one line', 'x'],
  ])('an object without records, %s, is cut off and set aside like any other', async (_, piece) => {
    const { room, endless, left } = await deliverEndless({ tooLargeBytesMin: 1 }, () => piece)
    expect(left).toEqual([])
    const listed = room.manifests().flatMap(({ sources }) => sources)
    expect(listed.find(({ id }) => id === endless.id)).toMatchObject({ disposition: 'too-large' })
    expect(room.rows().map((row) => row['_source'])).toContain('s3://b/0.jsonl')
  })

  test('a small object that is slow to read is never set aside for it: it comes again', async () => {
    const { room, endless, left } = await deliverEndless({})
    expect(left).toHaveLength(1)
    const listed = (await room.manifests()).flatMap(({ sources }) => sources)
    expect(listed.map(({ id }) => id)).not.toContain(endless.id)
  })

  test('an object that had only part of an invocation is not set aside, however often it was cut off', async () => {
    const timer = createTimer()
    const room: ReturnType<typeof createRoom> = createRoom({
      limits: { tooLargeBytesMin: 1 },
      clickhouse: (target) => ({
        ...target,
        put: async (...args) => {
          if (args[1].n !== 0 || !isSlow) return target.put(...args)
          room.clock.advance(25_000)
          throw new Fault('TARGET_MISCONFIGURED', 'down')
        },
      }),
      bronze: (bronze) => ({
        ...bronze,
        open: async (object, signal) => {
          const opened = await bronze.open(object, signal)
          if (object.key !== 'large.jsonl') return opened
          const body = (async function* () {
            for (let n = 0; n < 45; n += 1) {
              room.clock.advance(1_000)
              timer.check(room.clock.now())
              yield Buffer.from(`{"id":"${n}"}\n`)
            }
          })()
          return { ...opened, body }
        },
      }),
    })
    let isSlow = true
    await room.run(room.put('a.jsonl', '{"id":"a"}'))
    const [batch] = room.items<Batch>('batch')
    const message = { messageId: 'b', message: { kind: 'batch', batch: batch!.id } as const }
    const large = room.put('large.jsonl', '{}')
    for (let n = 0; n < 7; n += 1) {
      const left = await room.transform(
        [...room.deliver(large), message],
        timer.begin(room.clock.now()),
      )
      expect(left).toHaveLength(1)
      room.clock.advance(600_000)
    }
    isSlow = false
    await room.transform(room.deliver(large), timer.begin(room.clock.now()))
    expect(room.rows().filter((row) => row['_source'] === 's3://b/large.jsonl')).toHaveLength(45)
  })

  test('an apply that needs several invocations keeps what each of them did', async () => {
    const timer = createTimer()
    let copies = 0
    const room: ReturnType<typeof createRoom> = createRoom({
      limits: { chunkRowsMax: 2 },
      store: (store): Store => ({
        ...store,
        copy: async (...args) => {
          copies += 1
          room.clock.advance(3_000)
          timer.check(room.clock.now())
          await store.copy(...args)
        },
      }),
    })
    const lines = Array.from({ length: 60 }, (_, n) => `{"id":"r${n}"}`).join('\n')
    const a = room.put('a.jsonl', lines)
    await room.transform(room.deliver(a), timer.begin(room.clock.now()))
    for (let n = 0; n < 4 && room.items<Batch>('batch')[0]?.state !== 'C'; n += 1) {
      room.clock.advance(3_700_000)
      await room.sweep(room.call())
      const [body] = room.queue.take()
      const { batch } = JSON.parse(body!) as { batch: string }
      const delivery = { messageId: 'b', message: { kind: 'batch', batch } as const }
      await room.transform([delivery], timer.begin(room.clock.now()))
    }
    expect(room.items<Batch>('batch')).toMatchObject([{ state: 'C' }])
    expect(room.names(await room.silver())).toHaveLength(60)
    expect(copies).toBeLessThan(40)
  })

  test('batch messages are not kept waiting by a full queue of sources', async () => {
    let isDown = true
    const room = createRoom({
      clickhouse: (target) => ({
        ...target,
        put: (...args) =>
          isDown ? Promise.reject(new Fault('TARGET_UNAVAILABLE', 'down')) : target.put(...args),
      }),
      bronze: (bronze) => ({
        ...bronze,
        open: (object, signal) => {
          if (object.key === 'slow.jsonl') room.clock.advance(120_000)
          return bronze.open(object, signal)
        },
      }),
    })
    await room.run(room.put('a.jsonl', '{"id":"a"}'))
    isDown = false
    const [batch] = room.items<Batch>('batch')
    const slow = room.deliver(room.put('slow.jsonl', '{"id":"s"}'))
    const message = { messageId: 'b', message: { kind: 'batch', batch: batch!.id } as const }
    expect(await room.transform([...slow, message], room.call())).not.toContain('b')
    expect(room.names(room.rows())).toContain('s3://b/a.jsonl#0=a')
  })
})

describe('when staging fails', () => {
  /** The first write of a file of that kind is refused in a way that could be mistaken for the source's fault. */
  const refusingOnce =
    (isMeant: (key: string) => boolean) =>
    (store: Store): Store => {
      let refused = false
      return {
        ...store,
        write: (key, ...rest) => {
          if (refused || !key.startsWith(stagingPrefix) || !isMeant(key))
            return store.write(key, ...rest)
          refused = true
          return Promise.reject(new Fault('OBJECT_UNREADABLE', 'the bytes arrived damaged'))
        },
      }
    }

  test.each([
    ['a chunk', (key: string) => key.endsWith('.parquet'), '{"id":"a"}\n{"id":"b"}\n{"id":"c"}'],
    ['a quarantine file', (key: string) => key.endsWith('.jsonl'), '{"x":1}\n{"id":"a"}'],
  ])('of %s, no source is condemned for it and nothing is lost', async (_, isMeant, body) => {
    const room = createRoom({ limits: { chunkRowsMax: 1 }, store: refusingOnce(isMeant) })
    const a = room.put('a.jsonl', body)
    const b = room.put('b.jsonl', '{"id":"b"}')
    expect(await room.run(a, b)).toHaveLength(2)
    expect(await room.run(a, b)).toEqual([])
    expect(room.dispositions()).toEqual({ 'a.jsonl': 'rows', 'b.jsonl': 'rows' })
    expect(room.rows()).toHaveLength((body.match(/"id"/g)?.length ?? 0) + 1)
    expect(room.quarantined()).toHaveLength(body.includes('"x"') ? 1 : 0)
  })
})

describe('when quarantine cannot be written', () => {
  test('the batch is not committed and its staging stays, until every rejected record is kept', async () => {
    let isDown = true
    const room = createRoom({
      store: (store) => ({
        ...store,
        copy: (from, to, ...rest) =>
          isDown && to.startsWith('quarantine/')
            ? Promise.reject(new Fault('STORE_DENIED', 'no'))
            : store.copy(from, to, ...rest),
      }),
    })
    expect(await room.run(room.put('a.jsonl', '{"id":"a"}\noops'))).toEqual([])
    expect(room.rows()).toHaveLength(1)
    expect(room.items<Batch>('batch')).toMatchObject([{ state: 'S' }])
    isDown = false
    await room.sweepAndRun()
    expect(room.items<Batch>('batch')).toMatchObject([{ state: 'C' }])
    expect(room.quarantined()).toMatchObject([{ record: 1, raw: 'oops' }])
  })
})

describe('a refused chunk', () => {
  test('stops its target there: a reload is not entered before all its rows are in', async () => {
    let isRefusing = false
    const room = createRoom({
      clickhouse: (target) => ({
        ...target,
        put: (batch, chunk, signal) =>
          isRefusing && chunk.table === 'notes'
            ? Promise.reject(new Fault('TARGET_REFUSED_DATA', 'no'))
            : target.put(batch, chunk, signal),
      }),
    })
    const a = room.put('a.jsonl', '{"id":"a"}')
    await room.run(a)
    isRefusing = true
    await room.run({ ...a, generation: 1 })
    expect(room.engine.rows('_reloads')).toEqual([])
    isRefusing = false
    await room.sweepAndRun()
    expect(room.rows().map((row) => row['_generation'])).toEqual([0, 1])
    expect(room.engine.rows('_reloads')).toMatchObject([{ _generation: 1 }])
  })
})

describe('a manifest that is lost', () => {
  test('keeps its own sources waiting, the others load', async () => {
    const room = createRoom()
    const old = room.put('old.jsonl', '{"id":"old"}')
    await room.run(old)
    const [ref] = room.items<Batch>('batch')
    await room.store.remove([ref!.manifest!.key], room.call().signal)
    const fresh = room.put('fresh.jsonl', '{"id":"fresh"}')
    expect(await room.run(old, fresh)).toEqual(['0-old.jsonl'])
    expect(room.names(room.rows())).toContain('s3://b/fresh.jsonl#0=fresh')
    expect(room.log.events).toContainEqual(expect.objectContaining({ kind: 'work-failed' }))
  })
})

describe('an object refused for what was mended since', () => {
  test('is loaded when it is asked for again', async () => {
    const room = createRoom()
    const one = room.put('u.jsonl', '{"id":"u"}')
    await room.run({ ...one, dataset: undefined })
    expect(room.dispositions()).toEqual({ 'u.jsonl': 'unrouted' })
    expect(await room.run(one)).toEqual([])
    expect(await room.run(one)).toEqual([])
    expect(room.names(room.rows())).toEqual(['s3://b/u.jsonl#0=u'])
  })
})

describe('two pipelines on one ledger', () => {
  test('leave each other’s batches alone', async () => {
    const down = new Fault('TARGET_UNAVAILABLE', 'down')
    const a = createRoom({
      clickhouse: (target) => ({ ...target, put: () => Promise.reject(down) }),
    })
    await a.run(a.put('a.jsonl', '{"id":"a"}'))
    const b = createRoom({ pipeline: 'other', beside: a })
    b.clock.advance(86_400_000)
    expect(await b.sweep(b.call())).toMatchObject({ sent: 0 })
    const [batch] = a.items<Batch>('batch')
    const message = { kind: 'batch', batch: batch!.id } as const
    await b.transform([{ messageId: 'm', message }], b.call())
    expect(b.rows()).toEqual([])
    expect(a.items<Batch>('batch')).toMatchObject([{ state: 'S' }])
  })
})

describe('caps', () => {
  const months = (count: number): string =>
    Array.from({ length: count }, (_, n) => `{"id":"${n}","at":${Date.UTC(2000, n, 1)}}`).join('\n')

  test('rows over a thousand months are a chunk a month, not one for every few rows', async () => {
    const room = createRoom()
    const twice = `${months(1_000)}\n${months(1_000)}`
    expect(await room.run(room.put('a.jsonl', twice))).toEqual([])
    expect(room.manifests()[0]?.chunks).toHaveLength(1_000)
    expect(room.rows()).toHaveLength(2_000)
  })

  test('open builders over their number or their bytes close, the largest first', async () => {
    const byNumber = createRoom({ limits: { openBuildersMax: 2 } })
    const x = '{"id":"x"}'
    await byNumber.run(byNumber.put('a.jsonl', `${x}\n${x}\n${months(3)}\n${x}`))
    expect(byNumber.manifests()[0]?.chunks.map(({ rows }) => rows)).toEqual([2, 1, 1, 1, 1])
    const byBytes = createRoom({ limits: { openBytesMax: 1_000 } })
    await byBytes.run(byBytes.put('a.jsonl', Array(30).fill('{"id":"x"}').join('\n')))
    expect(byBytes.manifests()[0]?.chunks.length).toBeGreaterThan(3)
    expect(byBytes.rows()).toHaveLength(30)
  })

  test('where memory is short, rows of many days are packed and are still one file a day', async () => {
    const room = createRoom({ limits: { openBytesMax: 400_000 } })
    const days = Array.from({ length: 3 }, (_, n) => Date.UTC(2026, 0, 1 + n))
    const lines = Array.from({ length: 4_000 }, (_, n) => `{"id":"${n}","at":${days[n % 3]}}`)
    expect(await room.run(room.put('a.jsonl', lines.join('\n')))).toEqual([])
    const [manifest] = room.manifests()
    expect(manifest?.chunks.map((chunk) => chunk.days?.length)).toEqual([3])
    const expected = lines.map((_, n) => `s3://b/a.jsonl#${n}=${n}`).toSorted()
    expect(room.names(room.rows())).toEqual(expected)
    expect(room.names(await room.silver())).toEqual(expected)
  })

  test('rejected records over their bytes are staged, and each is in one file', async () => {
    const room = createRoom({ limits: { quarantineOpenBytesMax: 1_000 } })
    const lines = Array.from({ length: 40 }, (_, n) => `no JSON ${n}`)
    expect(await room.run(room.put('a.jsonl', lines.join('\n')))).toEqual([])
    const files = room.manifests()[0]?.quarantine ?? []
    expect(files.length).toBeGreaterThan(5)
    expect(Math.max(...files.map(({ sizeBytes }) => sizeBytes))).toBeLessThan(1_500)
    expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(40)
  })

  test('a batch takes no further sources once it has its number of chunks; they come in the next', async () => {
    const room = createRoom({ limits: { batchChunksMax: 3, concurrencyMax: 1 } })
    const all = [0, 1, 2].map((n) => room.put(`${n}.jsonl`, months(2 + n)))
    const left = await room.run(...all)
    expect(left).toHaveLength(1)
    expect(await room.run(...all)).toEqual([])
    expect(room.rows()).toHaveLength(2 + 3 + 4)
    expect(room.manifests()).toHaveLength(2)
  })

  test('sources over the size of a batch are sealed in several', async () => {
    const room = createRoom({ limits: { batchSourcesMax: 2 } })
    const all = Array.from({ length: 5 }, (_, n) => room.put(`${n}.jsonl`, `{"id":"${n}"}`))
    expect(await room.run(...all)).toEqual([])
    expect(room.manifests().map(({ sources }) => sources.length)).toEqual([2, 2, 1])
  })
})

describe('the sweep', () => {
  test('waits longer after each try, at most an hour, and leaves a live worker alone', async () => {
    const room = createRoom({
      clickhouse: (target) => ({
        ...target,
        put: () => Promise.reject(new Fault('TARGET_UNAVAILABLE', 'down')),
      }),
    })
    await room.run(room.put('a.jsonl', '{"id":"a"}'))
    expect(await room.sweep(room.call())).toMatchObject({ found: 0, sent: 0 })
    const waits: number[] = []
    for (let n = 0; n < 9; n += 1) {
      const { leaseUntil } = room.items<Batch>('batch')[0]!
      room.clock.advance(leaseUntil - room.clock.now() + 1)
      expect(await room.sweep(room.call())).toMatchObject({ sent: 1 })
      waits.push((room.items<Batch>('batch')[0]!.leaseUntil - room.clock.now()) / 60_000)
    }
    expect(waits).toEqual([5, 5, 8, 16, 32, 60, 60, 60, 60])
  })
})

describe('a suspect', () => {
  test('whose solo opens end in a told failure is never condemned, however often processes die between them', async () => {
    let mood: 'dies' | 'fails' | 'works' = 'works'
    const room = createRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: (object, signal) => {
          if (mood === 'dies') return new Promise(() => undefined)
          return mood === 'fails'
            ? Promise.reject(new Fault('STORE_DENIED', 'no'))
            : bronze.open(object, signal)
        },
      }),
    })
    const a = room.put('a.jsonl', '{"id":"a"}')
    for (let n = 0; n < 6; n += 1) {
      mood = 'dies'
      void room.run(a)
      for (let beat = 0; beat < 100; beat += 1)
        await new Promise((resolve) => setImmediate(resolve))
      room.clock.advance(200_000)
      mood = 'fails'
      expect(await room.run(a)).toHaveLength(1)
    }
    mood = 'works'
    expect(await room.run(a)).toEqual([])
    expect(room.dispositions()).toEqual({ 'a.jsonl': 'rows' })
  })
})

describe('an object that cannot be read while the ledger goes away as well, time after time', () => {
  test('is not condemned: the store says that its workers lived', async () => {
    let readsLeft = Infinity
    let isAway = false
    const refuse = async (): Promise<never> => {
      throw new Fault('LEDGER_UNAVAILABLE', 'away')
    }
    const room: ReturnType<typeof createRoom> = createRoom({
      ledger: (ledger) => ({
        ...ledger,
        read: (...asked) => (isAway ? refuse() : ledger.read(...asked)),
        write: (...asked) => (isAway ? refuse() : ledger.write(...asked)),
      }),
      bronze: (bronze) => ({
        ...bronze,
        open: async (...asked) => {
          if (readsLeft <= 0) return bronze.open(...asked)
          readsLeft -= 1
          isAway = true
          throw new Fault('STORE_UNAVAILABLE', 'away as well')
        },
      }),
    })
    const source = room.put('a.jsonl', '{"id":"a"}')
    for (let n = 0; n < 12; n += 1) {
      expect(await room.run(source)).toHaveLength(1)
      isAway = false
      room.clock.advance(400_000)
    }
    expect(new Set(room.items<Batch>('batch').map(({ end }) => end))).toEqual(
      new Set([undefined, 'failed']),
    )
    readsLeft = 0
    expect(await room.run(source)).toEqual([])
    expect(room.dispositions()).toEqual({ 'a.jsonl': 'rows' })
  })
})

describe('an INSERT whose answer is lost', () => {
  test('is not repeated blindly: the rows are looked for first, for the token may be forgotten', async () => {
    let answers = 0
    const room: ReturnType<typeof createRoom> = createRoom({
      clickhouse: (target) => ({
        ...target,
        put: async (...args) => {
          await target.put(...args)
          room.engine.forgetTokens()
          answers += 1
          if (answers === 1) throw new Fault('TARGET_OUTCOME_UNKNOWN', 'the answer never came')
        },
      }),
    })
    await room.run(room.put('a.jsonl', '{"id":"a"}'))
    expect(room.names(room.rows())).toEqual(['s3://b/a.jsonl#0=a'])
    expect(room.items<Batch>('batch')).toMatchObject([{ state: 'C' }])
  })
})

describe('a pass that is repeated', () => {
  test('stages under keys of its own: what an unreadable object left is never applied', async () => {
    const room = createRoom({ limits: { chunkRowsMax: 2_000 } })
    const lines = Array.from({ length: 30_000 }, (_, n) => `{"id":"cut${n * 7919}"}`).join('\n')
    const cut = room.put('cut.jsonl.gz', gzipSync(lines).subarray(0, -12))
    const good = room.put('good.jsonl', '{"id":"g0"}\n{"id":"g1"}')
    expect(await room.run(cut, good)).toEqual([])
    expect(room.dispositions()).toEqual({ 'cut.jsonl.gz': 'unreadable', 'good.jsonl': 'rows' })
    const expected = ['s3://b/good.jsonl#0=g0', 's3://b/good.jsonl#1=g1']
    expect(room.names(room.rows())).toEqual(expected)
    expect(room.names(await room.silver())).toEqual(expected)
  })
})
