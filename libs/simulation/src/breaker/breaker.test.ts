import {
  type Batch,
  type Breaker,
  Fault,
  type FaultCode,
  readObjectsMessage,
  type Target,
} from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { createRoom, notes, pipeline } from '../transform/transform-room.ts'

const line = (id: string, day = 1): string => `{"id":"${id}","at":${day * 86_400_000}}`

/** ClickHouse that fails with a fault while one is set, for one table or all, and tells the calls that came to it. */
const createFailing = () => {
  let fault:
    | { readonly code: FaultCode; readonly table?: string; readonly retryAfterMs?: number }
    | undefined
  const calls: string[] = []
  const refuse = (what: string, table?: string): void => {
    calls.push(what)
    if (!fault || (fault.table !== undefined && fault.table !== table)) return
    const { code, retryAfterMs } = fault
    throw new Fault(code, 'no', { ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }
  const wrap = (target: Target): Target => ({
    ...target,
    has: async (batch, chunk, signal) => {
      refuse('has', chunk.table)
      return target.has(batch, chunk, signal)
    },
    put: async (batch, chunk, signal) => {
      refuse('put', chunk.table)
      return target.put(batch, chunk, signal)
    },
    check: async () => refuse('check'),
  })
  return {
    calls,
    wrap,
    failWith: (next: typeof fault): void => {
      fault = next
      calls.length = 0
    },
  }
}

const createScene = (datasets = [notes]) => {
  const server = createFailing()
  const room = createRoom({ clickhouse: server.wrap, datasets })
  let count = 0
  /** One object of one row, through transform. */
  const load = async (dataset = 'notes'): Promise<string> => {
    const id = `n${(count += 1)}`
    await room.run(room.put(`${dataset}/${id}`, line(id), dataset))
    return id
  }
  const breaker = (place: string): Breaker | undefined =>
    room.ledger
      .items()
      .map(({ item }) => item)
      .find(
        (item): item is Breaker => item.kind === 'breaker' && item.id === `${pipeline}/${place}`,
      )
  /** A sweep, and an invocation for each message it sent. */
  const sweep = async () => {
    const result = await room.sweep(room.call())
    const bodies = room.queue.take()
    const deliveries = bodies.map((body, at) => ({
      messageId: `${at}`,
      message: readObjectsMessage(pipeline, body),
    }))
    for (const delivery of deliveries)
      expect(await room.transform([delivery], room.call())).toEqual([])
    return { ...result, kinds: deliveries.map(({ message }) => message?.kind) }
  }
  const told = (kind: string) => room.log.events.filter((event) => event.kind === kind)
  const ids = () =>
    room
      .rows()
      .map((row) => String(row['id']))
      .toSorted()
  return { ...room, server, load, breaker, sweep, told, ids }
}

describe('the breaker of a target', () => {
  test('opens after three batches in a row that failed; what comes then is sealed, acknowledged and not tried', async () => {
    const scene = createScene()
    scene.server.failWith({ code: 'TARGET_UNAVAILABLE' })
    for (let n = 0; n < 3; n += 1) await scene.load()
    expect(scene.breaker('clickhouse')).toMatchObject({ failures: 3 })
    expect(scene.told('breaker-opened')).toMatchObject([{ target: 'clickhouse', failures: 3 }])
    scene.server.calls.length = 0
    const source = scene.put('late', line('late'))
    expect(await scene.run(source)).toEqual([])
    expect(scene.server.calls).toEqual([])
    expect(scene.told('apply-put-off')).toHaveLength(1)
    // Silver goes on, and no message stays on the queue.
    expect(scene.breaker('silver')).toBeUndefined()
    expect((await scene.silver()).map(({ id }) => id).toSorted()).toEqual([
      'late',
      'n1',
      'n2',
      'n3',
    ])
  })

  test('lets one batch in after five minutes, and all others once it landed', async () => {
    const scene = createScene()
    scene.server.failWith({ code: 'TARGET_UNAVAILABLE' })
    for (let n = 0; n < 5; n += 1) await scene.load()
    scene.clock.advance(310_000)
    expect(await scene.sweep()).toMatchObject({ sent: 1, resting: 4 })
    expect(scene.told('breaker-opened')).toHaveLength(2)
    scene.server.failWith(undefined)
    scene.clock.advance(310_000)
    await scene.sweep()
    expect(scene.breaker('clickhouse')).toMatchObject({ failures: 0 })
    expect(scene.told('breaker-closed')).toMatchObject([{ target: 'clickhouse' }])
    for (let n = 0; n < 4; n += 1) {
      scene.clock.advance(910_000)
      await scene.sweep()
    }
    expect(scene.ids()).toEqual(['n1', 'n2', 'n3', 'n4', 'n5'])
    expect(scene.items<Batch>('batch').map(({ state }) => state)).toEqual(['C', 'C', 'C', 'C', 'C'])
  })

  test('opens at once for a wrong password, with the problem for people', async () => {
    const scene = createScene()
    scene.server.failWith({ code: 'TARGET_DENIED' })
    await scene.load()
    expect(scene.breaker('clickhouse')).toMatchObject({ failures: 1, problem: 'TARGET_DENIED: no' })
    expect(scene.told('breaker-opened')).toHaveLength(1)
  })

  test('waits as long as the server asks', async () => {
    const scene = createScene()
    scene.server.failWith({ code: 'TARGET_UNAVAILABLE', retryAfterMs: 1_800_000 })
    for (let n = 0; n < 3; n += 1) await scene.load()
    scene.server.calls.length = 0
    scene.clock.advance(1_000_000)
    await scene.sweep()
    expect(scene.server.calls).toEqual([])
  })

  test('is asked by its check where no batch waits for it', async () => {
    const scene = createScene()
    scene.server.failWith({ code: 'TARGET_DENIED' })
    await scene.load()
    // A person gave it up.
    const [found] = scene.ledger.items().filter(({ item }) => item.kind === 'batch')
    const over = { ...(found!.item as Batch), state: 'C' } as const
    await scene.ledger.write(over, found!.revision, new AbortController().signal)
    scene.server.failWith(undefined)
    scene.clock.advance(310_000)
    expect(await scene.sweep()).toMatchObject({ found: 0, kinds: ['probe'] })
    expect(scene.server.calls).toEqual(['check'])
    expect(scene.breaker('clickhouse')?.openUntil).toBeUndefined()
  })

  test('keeps no other target: silver is refused, ClickHouse goes on', async () => {
    const room = createRoom({
      store: (store) => ({
        ...store,
        copy: () => Promise.reject(new Fault('STORE_DENIED', 'no PutObject')),
      }),
    })
    await room.run(room.put('a', line('a')))
    await room.run(room.put('b', line('b')))
    expect(room.rows().map(({ id }) => id)).toEqual(['a', 'b'])
    const ids = room.ledger
      .items()
      .flatMap(({ item }) => (item.kind === 'breaker' ? [item.id] : []))
    expect(ids).toEqual([`${pipeline}/silver`])
  })
})

test('what waited comes back slowly: 25 batches in the first minute, twice as many each minute after', async () => {
  const scene = createScene()
  scene.server.failWith({ code: 'TARGET_DENIED' })
  for (let n = 0; n < 120; n += 1) await scene.load()
  scene.server.failWith(undefined)
  scene.clock.advance(310_000)
  // A batch of its own closes it before the sweep comes.
  await scene.load()
  const sent: number[] = []
  for (let minute = 0; minute < 3; minute += 1) {
    sent.push((await scene.sweep()).sent)
    scene.clock.advance(60_000)
  }
  expect(sent).toEqual([25, 50, 45])
  expect(scene.ids()).toHaveLength(121)
})

describe('the breaker of a table', () => {
  const tables = ['notes', 'marks'].map((name) => ({
    ...notes,
    name,
    tables: notes.tables.map((table) => ({ ...table, name })),
    map: (record: unknown) => {
      const mapped = notes.map(record, { hash: '' })
      return 'rows' in mapped
        ? { rows: mapped.rows.map((row) => ({ ...row, table: name })) }
        : mapped
    },
  }))

  test('opens for a table that is not as it must be; the others are written', async () => {
    const scene = createScene(tables)
    scene.server.failWith({ code: 'TARGET_MISCONFIGURED', table: 'marks' })
    for (let n = 0; n < 3; n += 1) await scene.load('marks')
    expect(scene.breaker('clickhouse')).toBeUndefined()
    expect(scene.breaker('clickhouse/marks')).toMatchObject({ failures: 3 })
    scene.server.calls.length = 0
    await scene.load('marks')
    expect(scene.server.calls).toEqual([])
    const id = await scene.load('notes')
    expect(scene.ids()).toEqual([id])
  })

  test('opens at once for a grant that is missing', async () => {
    const scene = createScene(tables)
    scene.server.failWith({ code: 'TARGET_FORBIDDEN', table: 'marks' })
    await scene.load('marks')
    expect(scene.breaker('clickhouse/marks')?.openUntil).toBeGreaterThan(0)
  })

  test('closes with the first batch that lands after the table was mended', async () => {
    const scene = createScene(tables)
    scene.server.failWith({ code: 'TARGET_FORBIDDEN', table: 'marks' })
    await scene.load('marks')
    scene.server.failWith(undefined)
    scene.clock.advance(3_700_000)
    await scene.sweep()
    expect(scene.breaker('clickhouse/marks')).toMatchObject({ failures: 0 })
    expect(scene.engine.rows('marks').map(({ id }) => id)).toEqual(['n1'])
  })
})
