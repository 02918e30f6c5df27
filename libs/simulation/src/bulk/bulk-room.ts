import type { JobRequest, Queue, QueueMeter, Source, Store } from '@silversmith/core'
import { readObjectsMessage } from '@silversmith/core'
import type { BulkDeps, Call, JobAsked } from '@silversmith/flow'
import { continueJob, runJob, turnJob } from '@silversmith/flow'
import { createMemoryQueue } from '../memory/memory-queue.ts'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { createRoom, pipeline, type RoomOptions } from '../transform/transform-room.ts'

export interface BulkRoomOptions extends RoomOptions {
  readonly replace?: Partial<BulkDeps>
}

/** `{"id": …}` lines. */
export const linesOf = (...ids: readonly string[]): string =>
  ids.map((id, n) => `${JSON.stringify({ id, at: n })}\n`).join('')

export const routes = [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }]

/** Jobs over bronze in memory, with a transform that takes what they send. */
export const createBulkRoom = (options: BulkRoomOptions = {}) => {
  const room = createRoom(options)
  const { bronze, ledger, store, clock, log } = room
  const queue = createMemoryQueue()
  const deps: BulkDeps = {
    ...{ pipeline, routes, bronze, ledger, store, queue, clock, log, ids: room.deps.ids },
    ...options.replace,
  }
  /** Each call is a process of its own. */
  const depsOf = ({ wrap }: MortalProcess): BulkDeps => ({
    ...deps,
    bronze: wrap(deps.bronze as object) as BulkDeps['bronze'],
    ledger: wrap(deps.ledger),
    store: wrap(deps.store as object) as Store,
    queue: wrap(deps.queue as object) as Queue,
  })
  const request = (given: Partial<JobRequest> = {}): JobRequest => ({
    ...{ bucket: 'b', prefixes: [''], window: {}, force: false },
    ...given,
  })
  const callOf = (forMs: number): Call => ({
    deadline: clock.now() + forMs,
    signal: new AbortController().signal,
  })
  const run = (
    id: string,
    given: Partial<JobRequest> & { readonly budget?: JobAsked['budget'] } = {},
    process = createMortalProcess(),
    forMs = 60_000,
    skewMs = 0,
  ) => {
    const now = (): number => clock.now() + skewMs
    const own = { ...depsOf(process), clock: { ...clock, now } }
    const call = { ...callOf(forMs), deadline: now() + forMs }
    const { budget, ...rest } = given
    const asked = { id, request: request(rest), budget }
    return process.run(() => runJob(own, asked, call))
  }
  const goOn = (id: string, process = createMortalProcess(), forMs = 60_000) =>
    process.run(() => continueJob(depsOf(process), id, callOf(forMs)))
  const turn = (id: string, how: Parameters<typeof turnJob>[2]) =>
    turnJob(deps, id, how, callOf(60_000))
  /** What is on the bulk queue, once each time it was sent. */
  const take = (): readonly Source[] =>
    queue.take().map((body) => {
      const message = readObjectsMessage(pipeline, body)
      if (message?.kind !== 'source') throw new Error('not a source')
      return message.source
    })
  /** Transform takes all that was sent. */
  const load = async (): Promise<readonly Source[]> => {
    const sent = take()
    await room.run(...sent)
    return sent
  }
  const shown = () =>
    room
      .rows()
      .map(({ id }) => String(id))
      .toSorted()
  return {
    ...room,
    ...{ room, deps, depsOf, queue, request, callOf, run, goOn, turn, take, load, shown },
  }
}

export const meterOf = (measure: () => number): QueueMeter => ({
  name: 'bulk',
  measure: async () => ({ queueArn: 'q', ready: measure(), delayed: 0, inFlight: 0 }),
})
