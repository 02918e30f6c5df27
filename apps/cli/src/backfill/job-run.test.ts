import type { Breaker } from '@silversmith/core'
import { breakerIdOf, Fault } from '@silversmith/core'
import { startJob, turnJob } from '@silversmith/flow'
import { createBulkRoom, linesOf } from '@silversmith/simulation'
import { expect, it } from 'vitest'
import type { RunProgress } from './backfill-progress.ts'
import type { BackfillRoom } from './backfill-room.ts'
import { describeEnd, isAllWell } from './backfill-run.ts'
import { runToEnd } from './job-run.ts'

type Memory = ReturnType<typeof createBulkRoom>

const objectsCount = 25
const hourMs = 3_600_000

interface Asked {
  readonly id?: string
  readonly forMs?: number
  readonly budget?: { readonly objectsPerSecond: number }
  readonly ending?: AbortController
  readonly dead?: number
  readonly onProgress?: (now: RunProgress, memory: Memory) => Promise<unknown>
}

const open = (names = Array.from({ length: objectsCount }, (_, n) => `${n}.jsonl`)): Memory => {
  const memory = createBulkRoom({ replace: { sliceObjects: 10 } })
  for (const name of names) memory.put(name, linesOf(name))
  return memory
}

/** A run on ports in memory; unless told transform takes all that was sent whenever somebody looks. */
const run = async (memory: Memory, asked: Asked = {}) => {
  const { id = 'job', forMs = hourMs, budget, ending = new AbortController(), dead = 0 } = asked
  const { onProgress = () => memory.load() } = asked
  const { deps, clock } = memory
  const room: BackfillRoom = {
    ...{ ...deps, buckets: ['b'], silverBucket: 'silver', isBesideLive: false },
    deadLetters: { count: async () => dead },
  }
  const request = memory.request()
  await startJob(deps, { id, request, budget }, memory.call())
  const told: RunProgress[] = []
  const end = await runToEnd(room, {
    ...{ id, request, until: clock.now() + forMs, signal: ending.signal },
    onProgress: async (now) => {
      told.push(now)
      await onProgress(now, memory)
    },
  })
  const { aborted: isStopped } = ending.signal
  const all = { ...end, report: undefined, isStopped, tookMs: 61_000 }
  return { ...end, told, isWell: isAllWell(all), text: describeEnd(all) }
}

const nobodyLoads = (): Promise<void> => Promise.resolve()

it('walks, then waits until all that was sent is in every target', async () => {
  const memory = open()
  const { job, sum, told, isWell, text } = await run(memory)
  expect(job.state).toBe('done')
  expect(sum).toMatchObject({ objects: 25, succeeded: 25, before: 0, sealed: 0, rows: 25 })
  expect(isWell).toBe(true)
  expect(told.at(-1)).toMatchObject({ total: 25, found: 25, loaded: 25, pending: 0 })
  expect(text).toContain('loaded 25 (25 rows), loaded before 0, failed 0, pending 0')
  expect(memory.shown()).toHaveLength(objectsCount)
})

it('tells what was loaded before, and sends none of it', async () => {
  const memory = open()
  await run(memory)
  const { told, sum, isWell } = await run(memory, { id: 'again' })
  expect(sum).toMatchObject({ objects: 25, succeeded: 25, before: 25, rows: 0 })
  expect(told.at(-1)).toMatchObject({ sent: 0, loaded: 0, skipped: 25 })
  expect(isWell).toBe(true)
})

it('waits no longer than it may, says so, and the same job waits on', async () => {
  const memory = open()
  const begun = memory.clock.now()
  const first = await run(memory, { forMs: 600_000, onProgress: nobodyLoads })
  expect(memory.clock.now() - begun).toBeLessThan(700_000)
  expect(first).toMatchObject({ isWell: false, sum: { pending: 25 }, job: { state: 'done' } })
  expect(first.text).toContain('all is sent, and not all is loaded yet: silversmith status')
  expect(first.text).toContain('backfill run --job job --yes')
  expect((await run(memory)).isWell).toBe(true)
})

it('stops at Ctrl-C, says how to go on, and going on is exact', async () => {
  const memory = open()
  const ending = new AbortController()
  const stopped = await run(memory, {
    ...{ ending, budget: { objectsPerSecond: 1 } },
    onProgress: async ({ sent }) => {
      if (sent >= 3) ending.abort()
    },
  })
  expect(stopped).toMatchObject({ job: { state: 'running' }, isWell: false })
  expect(stopped.job.owner).toBeUndefined()
  expect(stopped.text).toContain(
    'stopped; nothing is lost, this goes on: silversmith backfill run --job job --yes',
  )
  expect((await run(memory)).sum).toMatchObject({ objects: 25, succeeded: 25 })
  expect(memory.shown()).toHaveLength(objectsCount)
})

it('sleeps while the budget is spent', async () => {
  const memory = open()
  const begun = memory.clock.now()
  await run(memory, { budget: { objectsPerSecond: 0.1 } })
  expect(memory.clock.now() - begun).toBeGreaterThanOrEqual(240_000)
})

it('waits for another run that is at the job, and says so', async () => {
  const memory = open()
  const { deps, call } = memory
  await startJob(deps, { id: 'job', request: memory.request() }, call())
  const [found] = await deps.ledger.read(
    [{ kind: 'job', id: `${deps.pipeline}/job` }],
    call().signal,
  )
  if (found?.item.kind !== 'job') throw new Error('no job')
  const taken = { ...found.item, owner: 'another', leaseUntil: deps.clock.now() + 60_000 }
  await deps.ledger.write(taken, found.revision, call().signal)
  const { told, isWell } = await run(memory)
  expect(told.some(({ problem }) => problem === 'another run is at it')).toBe(true)
  expect(isWell).toBe(true)
})

it('tells a target that is down while it waits', async () => {
  const memory = open()
  const breaker: Breaker = {
    ...{ kind: 'breaker', id: breakerIdOf(memory.deps.pipeline, 'clickhouse', undefined) },
    ...{ failures: 3, problem: 'TARGET_UNAVAILABLE: no answer' },
  } as Breaker
  const { deps, call } = memory
  await deps.ledger.write(
    { kind: 'pipeline', id: deps.pipeline, targets: ['clickhouse'] } as never,
    0,
    call().signal,
  )
  await deps.ledger.write(breaker, 0, call().signal)
  const { problem, text } = await run(memory, { forMs: 60_000, onProgress: nobodyLoads })
  expect(problem).toBe('clickhouse does not take rows: TARGET_UNAVAILABLE: no answer')
  expect(text).toContain('it waited for this: clickhouse does not take rows')
})

it('tells dead letters while it waits, with the command', async () => {
  const { problem } = await run(open(), { dead: 3, forMs: 60_000, onProgress: nobodyLoads })
  expect(problem).toBe('dead letters: about 3; silversmith dlq list says why')
})

it('ends when somebody pauses or cancels, and says what goes on', async () => {
  for (const turn of ['pause', 'cancel'] as const) {
    const memory = open()
    const { job, isWell, text } = await run(memory, {
      budget: { objectsPerSecond: 1 },
      onProgress: async ({ state }) => {
        if (state === 'running') await turnJob(memory.deps, 'job', turn, memory.call())
      },
    })
    expect(job.state).toBe(turn === 'pause' ? 'paused' : 'cancelled')
    expect(isWell).toBe(false)
    expect(text).toContain(turn === 'pause' ? 'backfill resume --job job --yes' : 'cancelled:')
  }
})

it('says which prefix could not be listed, and that the others went on', async () => {
  const memory = open()
  const list = (): never => {
    throw new Fault('STORE_DENIED', 's3:ListBucket is denied')
  }
  const denied: Memory = { ...memory, deps: { ...memory.deps, bronze: { list } } }
  const { job, isWell, text } = await run(denied)
  expect(job.state).toBe('done')
  expect(isWell).toBe(false)
  expect(text).toContain('STORE_DENIED: s3:ListBucket is denied')
  expect(text).toContain('silversmith backfill resume --job job --yes')
})

it('001-8: nothing inside the window is an error that says why', async () => {
  await expect(run(open([]))).rejects.toThrow(/there is no object in the bucket/)
})
