import {
  type Batch,
  type DeliveryEnd,
  Fault,
  type QueueDepth,
  readObjectsMessage,
  type Target,
} from '@silversmith/core'
import { pausePipeline, type PauseWait, resumePipeline, viewPause } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryEventMappings } from '../index.ts'
import { createRoom, pipeline } from '../transform/transform-room.ts'

const minuteMs = 60_000
const settleMs = minuteMs
const never = new AbortController().signal
const queueNames = ['arrivals', 'objects'] as const

/** A pipeline whose transform is invoked through its mapping; ClickHouse answers or not. */
const createScene = () => {
  const state = { isUp: true, invocation: 'ended' as DeliveryEnd | Fault }
  const wrap = (target: Target): Target => ({
    ...target,
    put: async (batch, chunk, signal) => {
      if (!state.isUp) throw new Fault('TARGET_UNAVAILABLE', 'no answer')
      return target.put(batch, chunk, signal)
    },
  })
  const room = createRoom({ clickhouse: wrap })
  const { clock } = room
  const handed: string[] = []
  const invocations: number[] = []
  const mappings = createMemoryEventMappings({
    now: clock.now,
    onDelivery: async (_mapping, bodies) => {
      invocations.push(bodies.length)
      if (state.invocation instanceof Fault) throw state.invocation
      if (state.invocation !== 'ended') return state.invocation
      const deliveries = bodies.map((body, at) => ({
        messageId: `${at}`,
        message: readObjectsMessage(pipeline, body),
      }))
      for (const { message } of deliveries)
        if (message?.kind === 'batch') handed.push(message.batch)
      await room.transform(deliveries, room.call())
      return 'ended'
    },
  })
  const depths = new Map<string, Partial<QueueDepth>>()
  const queues = queueNames.map((name) => {
    const queueArn = `arn:${name}`
    mappings.add(`of-${name}`, queueArn, name === 'objects' ? 'transform' : 'ingest')
    const none = { queueArn, ready: 0, delayed: 0, inFlight: 0 }
    return { name, measure: async () => ({ ...none, ...depths.get(name) }) }
  })
  const deps = { ...room.deps, mappings, queues }
  const waits: string[] = []
  const waitedFor = (): readonly string[] => [...new Set(waits)]
  const pause = async (forMs: number) => {
    const onWait = (found: readonly PauseWait[]): void => {
      for (const wait of found) waits.push(wait.kind)
    }
    const options = { until: clock.now() + forMs, settleMs, ending: never, onWait }
    return pausePipeline(deps, options, room.call())
  }
  const states = async () =>
    (await viewPause(deps, room.call())).mappings.map(({ queue, state: own }) => `${queue} ${own}`)
  /** One object, sealed or committed as ClickHouse lets it. */
  const load = async (name: string): Promise<Batch> => {
    await room.run(room.put(`${name}.jsonl`, `{"id":"${name}","at":1}`))
    return room.items<Batch>('batch').at(-1)!
  }
  return {
    invocations,
    room,
    state,
    mappings,
    depths,
    deps,
    handed,
    waitedFor,
    pause,
    states,
    load,
    clock,
  }
}

const off = queueNames.map((name) => `${name} disabled`)

describe('a pause', () => {
  test('disables every mapping, and is over when all was seen empty for a while', async () => {
    const { pause, states, clock, waitedFor, mappings } = createScene()
    mappings.delay(3)
    const begunAt = clock.now()
    expect(await pause(30 * minuteMs)).toMatchObject({ empty: true, waits: [], handed: [] })
    expect(await states()).toEqual(off)
    expect(clock.now() - begunAt).toBeGreaterThanOrEqual(settleMs)
    expect(waitedFor()).toEqual(['mapping', 'settling'])
  })

  test('waits for messages that an invocation holds, and for no longer than any may run', async () => {
    const { pause, depths, clock, waitedFor } = createScene()
    depths.set('objects', { inFlight: 3, ready: 900 })
    const begunAt = clock.now()
    expect(await pause(minuteMs)).toMatchObject({
      ...{ empty: false, waits: [{ kind: 'in-flight', queue: 'objects', messages: 3 }] },
    })
    // Failed messages stay invisible for hours: after 16 minutes nobody can be at them.
    expect(await pause(60 * minuteMs)).toMatchObject({ empty: true })
    expect(clock.now() - begunAt).toBeGreaterThan(15 * minuteMs)
    expect(waitedFor()).toEqual(['mapping', 'in-flight', 'settling'])
  })

  test('does not take a mapping that is on its way for disabled', async () => {
    const { pause, mappings } = createScene()
    mappings.delay(1_000)
    expect(await pause(10 * minuteMs)).toMatchObject({
      ...{ empty: false, waits: [{ kind: 'mapping' }, { kind: 'mapping' }] },
    })
  })

  test('waits for messages in flight though another mapping was disabled long before', async () => {
    const { pause, mappings, depths, clock } = createScene()
    await mappings.turn('of-arrivals', false, never)
    clock.advance(72 * 60 * minuteMs)
    depths.set('objects', { inFlight: 1 })
    expect(await pause(5 * minuteMs)).toMatchObject({
      ...{ empty: false, waits: [{ kind: 'in-flight' }] },
    })
  })

  test('hands over ten batches at a time, and none again before a minute', async () => {
    const { state, pause, load, invocations, clock } = createScene()
    state.isUp = false
    for (let n = 0; n < 12; n += 1) await load(`${n}`)
    const begunAt = clock.now()
    await pause(settleMs + 30_000)
    expect(invocations).toEqual([10, 2])
    expect(clock.now() - begunAt).toBeLessThan(2 * minuteMs)
  })

  test('at its deadline waits for no hand-over', async () => {
    const { deps, load, state, room, mappings, clock } = createScene()
    state.isUp = false
    await load('a')
    const ending = new AbortController()
    const deliver: typeof mappings.deliver = (_mapping, _bodies, signal) =>
      new Promise((_resolve, refuse) => {
        signal.addEventListener('abort', () => refuse(new Fault('DEADLINE_REACHED', 'over')))
        ending.abort()
      })
    const options = { until: clock.now() + 2 * minuteMs, settleMs, ending: ending.signal }
    const own = { ...deps, mappings: { ...mappings, deliver } }
    const { empty, waits } = await pausePipeline(own, options, room.call())
    expect([empty, waits.map(({ kind }) => kind)]).toEqual([
      ...[false, ['invocation', 'batch', 'hand-over']],
    ])
  })

  test('has transform apply what is sealed and has nobody, though its message waits in the queue', async () => {
    const { room, state, pause, load, handed } = createScene()
    state.isUp = false
    const { id } = await load('a')
    await room.sweep(room.call())
    expect(room.items<Batch>('batch')[0]?.state).toBe('S')
    state.isUp = true
    expect(await pause(30 * minuteMs)).toMatchObject({ empty: true, handed: [id] })
    expect(handed).toEqual([id])
    expect(room.items<Batch>('batch')[0]?.state).toBe('C')
    expect(room.names(room.rows())).toEqual(['s3://b/a.jsonl#0=a'])
  })

  test('of a target that stays down ends at its deadline, names the batch, and goes on when run again', async () => {
    const { state, pause, load, states } = createScene()
    state.isUp = false
    const { id } = await load('a')
    const first = await pause(10 * minuteMs)
    expect(first).toMatchObject({ empty: false, handed: [id] })
    expect(first.waits).toMatchObject([{ kind: 'batch', batch: { id, state: 'S' } }])
    expect(await states()).toEqual(off)
    state.isUp = true
    expect(await pause(30 * minuteMs)).toMatchObject({ empty: true })
  })

  test('hands nothing over while an invocation may run', async () => {
    const { state, pause, load, depths, handed } = createScene()
    state.isUp = false
    await load('a')
    depths.set('arrivals', { inFlight: 1 })
    expect(await pause(5 * minuteMs)).toMatchObject({ empty: false, handed: [] })
    expect(handed).toEqual([])
  })

  test('ends a forming batch whose worker died, once its lease is over', async () => {
    const { room, pause, clock, waitedFor } = createScene()
    const leaseUntil = clock.now() + 5 * minuteMs
    const batch: Batch = {
      ...{ kind: 'batch', id: '01AN4Z07BY79KA1307SR9X4MV3', pipeline, state: 'F' },
      ...{ owner: 'dead', leaseUntil, sourceCount: 1 },
    }
    await room.ledger.write(batch, 0, never)
    expect(await pause(30 * minuteMs)).toMatchObject({ empty: true })
    expect(clock.now()).toBeGreaterThan(leaseUntil)
    expect(room.items<Batch>('batch')[0]).toMatchObject({ state: 'A', end: 'lost' })
    expect(waitedFor()).toContain('batch')
  })

  test('after a hand-over whose end nobody told waits until no invocation can live', async () => {
    const { room, state, pause, load, clock } = createScene()
    state.isUp = false
    const { id } = await load('a')
    state.isUp = true
    state.invocation = new Fault('QUEUE_UNAVAILABLE', 'the connection broke')
    const begunAt = clock.now()
    expect(await pause(10 * minuteMs)).toMatchObject({
      ...{ empty: false, handed: [id] },
      waits: expect.arrayContaining([
        { kind: 'invocation', until: expect.any(Number) },
        { kind: 'hand-over', problem: 'QUEUE_UNAVAILABLE: the connection broke' },
      ]),
    })
    state.invocation = 'ended'
    await room.sweepAndRun()
    expect(await pause(30 * minuteMs)).toMatchObject({ empty: true })
    expect(clock.now() - begunAt).toBeGreaterThan(15 * minuteMs)
  })

  test('says why transform cannot be asked', async () => {
    const { state, pause, load } = createScene()
    state.isUp = false
    await load('a')
    state.invocation = new Fault('QUEUE_DENIED', 'allow lambda:InvokeFunction')
    expect((await pause(10 * minuteMs)).waits).toContainEqual({
      ...{ kind: 'hand-over', problem: 'QUEUE_DENIED: allow lambda:InvokeFunction' },
    })
    state.invocation = 'throttled'
    expect((await pause(10 * minuteMs)).waits).toContainEqual({
      ...{ kind: 'hand-over', problem: 'transform is throttled' },
    })
  })

  test('of a ledger that is gone disables the mappings all the same, and takes nothing for empty', async () => {
    const { room, deps, clock, states } = createScene()
    const refuse = async () => {
      throw new Fault('LEDGER_DENIED', 'there is no such table')
    }
    const broken = { ...deps, ledger: { ...room.ledger, listOpen: refuse } }
    const options = { until: clock.now() + 5 * minuteMs, settleMs, ending: never }
    expect(await pausePipeline(broken, options, room.call())).toMatchObject({
      empty: false,
      waits: [{ kind: 'ledger', problem: 'LEDGER_DENIED: there is no such table' }],
    })
    expect(await states()).toEqual(off)
  })

  test('ends where somebody enables what was disabled: the later word counts', async () => {
    const { state, load, deps, mappings, clock, room, states } = createScene()
    state.isUp = false
    await load('a')
    const begunAt = clock.now()
    let isResumed = false
    const onWait = (waits: readonly PauseWait[]): void => {
      if (isResumed || waits[0]?.kind !== 'batch') return
      isResumed = true
      void mappings.turn('of-objects', true, never)
    }
    const options = { until: begunAt + 60 * minuteMs, settleMs, ending: never, onWait }
    expect(await pausePipeline(deps, options, room.call())).toMatchObject({
      ...{ empty: false, waits: [{ kind: 'enabled', queue: 'objects' }] },
    })
    expect(clock.now() - begunAt).toBeLessThan(5 * minuteMs)
    expect(await states()).toEqual(['arrivals disabled', 'objects enabled'])
  })

  test('stops a queue that nobody told of, too, and waits until its invocations are over', async () => {
    const { pause, mappings, states, clock, deps, room } = createScene()
    mappings.add('of-others', 'arn:others', 'transform')
    const begunAt = clock.now()
    expect(await pause(10 * minuteMs)).toMatchObject({
      ...{ empty: false, waits: [{ kind: 'unknown-queue', queue: 'arn:others' }] },
    })
    expect(await states()).toEqual([...off, 'arn:others disabled'])
    expect(await pause(30 * minuteMs)).toMatchObject({ empty: true })
    expect(clock.now() - begunAt).toBeGreaterThan(16 * minuteMs)
    await resumePipeline(deps, clock.now() + minuteMs, room.call())
    expect(await states()).toContain('arn:others enabled')
  })

  test('of queues that feed no transform changes nothing, and is not empty', async () => {
    const { deps, clock, room, states } = createScene()
    const queues = deps.queues.filter(({ name }) => name === 'arrivals')
    const options = { until: clock.now() + minuteMs, settleMs, ending: never }
    expect(await pausePipeline({ ...deps, queues }, options, room.call())).toMatchObject({
      ...{ empty: false, waits: [{ kind: 'unfed' }] },
    })
    expect(await states()).toEqual(['arrivals enabled', 'objects enabled'])
  })

  test('looked at only, changes nothing', async () => {
    const { deps, room, state, load, states } = createScene()
    state.isUp = false
    const { id } = await load('a')
    expect(await viewPause(deps, room.call())).toMatchObject({
      open: [{ id }],
      unseen: undefined,
    })
    expect(await states()).toEqual(['arrivals enabled', 'objects enabled'])
  })
})

describe('a resume', () => {
  test('enables every mapping, also where one is on its way, and may be repeated', async () => {
    const { pause, deps, mappings, room, clock, states } = createScene()
    await pause(30 * minuteMs)
    mappings.delay(4)
    await mappings.turn('of-objects', true, never)
    const resume = (forMs: number) => resumePipeline(deps, clock.now() + forMs, room.call())
    expect(await resume(0)).toMatchObject({ resumed: false })
    expect(await resume(minuteMs)).toMatchObject({ resumed: true })
    expect(await states()).toEqual(['arrivals enabled', 'objects enabled'])
    expect(await resume(0)).toMatchObject({ resumed: true })
  })
})
