import {
  type ObjectFacts,
  type Queue,
  readObjectsMessage,
  type Replicator,
} from '@silversmith/core'
import {
  type Call,
  createIngest,
  type ObjectReplay,
  type ObjectReplayDeps,
  type ObjectReplaySum,
  replayObjects,
} from '@silversmith/flow'
import { currentRows } from '../memory/current-rows.ts'
import { createMemoryQueue } from '../memory/memory-queue.ts'
import { createMemoryReplicator } from '../memory/memory-replicator.ts'
import type { BucketState } from '../memory/memory-bronze.ts'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createRoom, pipeline } from '../transform/transform-room.ts'

export const replayPrefix = '_replay/'
export const folder = '_replay/r/'
/** One that takes every key, also those of copies. */
const routes = [{ prefix: '', suffixes: ['.jsonl', '.json', '.gz'], dataset: 'notes' }]

export const linesOf = (...ids: readonly string[]): string =>
  ids.map((id, n) => `${JSON.stringify({ id, at: n })}\n`).join('')

/** Bronze that tells ingest of its objects, and transform behind both; replays work on the same. */
export const createReplayRoom = (state: BucketState = 'versioned') => {
  const room = createRoom({ routes })
  const { bronze, ledger, store, clock, log } = room
  bronze.setBucket('b', state)
  const queue = createMemoryQueue()
  const replicator = createMemoryReplicator(bronze)
  /** Of what was created and nobody told ingest of. */
  const events: ObjectFacts[] = []
  const ingest = createIngest({
    ...{ pipeline, routes, buckets: ['b'], bronze, queue },
    replay: { prefix: replayPrefix, replicator },
    sendOnce: (_key, send) => send(),
  })
  const putObject = bronze.putObject.bind(bronze)
  bronze.putObject = (...args) => {
    const facts = putObject(...args)
    events.push(facts)
    return facts
  }
  const put = (key: string, body: string | Uint8Array, contentEncoding?: string): ObjectFacts =>
    bronze.putObject('b', key, Buffer.from(body), { contentEncoding })
  /** As though S3 had never told. */
  const loseEvents = (): void => void events.splice(0)
  /** Everything goes its ordinary way; returns what ingest refused. */
  const settle = async (): Promise<readonly unknown[]> => {
    const refused: unknown[] = []
    for (const facts of events.splice(0))
      await ingest({ facts, sequencer: '0A' }, new AbortController().signal).catch(
        (error: unknown) => void refused.push(error),
      )
    const sources = queue.take().map((body) => {
      const message = readObjectsMessage(pipeline, body)
      if (message?.kind !== 'source') throw new Error('not a source')
      return message.source
    })
    if (sources.length > 0) await room.run(...sources)
    return refused
  }
  const deps: ObjectReplayDeps = {
    ...{ pipeline, routes, bronze, ledger, store, queue, clock, log, ids: room.deps.ids },
    ...{ replicator, replayPrefix },
  }
  const call = (): Call => ({
    deadline: clock.now() + 3_600_000,
    signal: new AbortController().signal,
  })
  const replay = async (
    given: Partial<ObjectReplay> = {},
    process = createMortalProcess(),
    replaced: Partial<ObjectReplayDeps> = {},
  ): Promise<ObjectReplaySum | undefined> => {
    const request: ObjectReplay = {
      ...{ bucket: 'b', prefix: '', start: 0, end: Number.MAX_SAFE_INTEGER, force: false },
      ...{ copiesTo: undefined, dryRun: false, ...given },
    }
    const own: ObjectReplayDeps = {
      ...deps,
      queue: process.wrap(queue as object) as Queue,
      replicator: process.wrap(replicator as object) as Replicator,
      ledger: process.wrap(ledger),
      ...replaced,
    }
    return process.run(async () => {
      let sum: ObjectReplaySum | undefined
      for await (const step of replayObjects(own, request, call())) sum = step
      return sum
    })
  }
  /** Rows of the view. */
  const current = () => currentRows(room.engine, 'notes')
  const shown = (): readonly string[] =>
    current()
      .map(({ id }) => String(id))
      .toSorted()
  return {
    ...room,
    clock,
    queue,
    replicator,
    events,
    put,
    loseEvents,
    settle,
    replay,
    current,
    shown,
  }
}
