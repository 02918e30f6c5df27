import { createS3Store } from '@silversmith/aws'
import type { Route, Table } from '@silversmith/core'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SealedBatch } from '../account/history.ts'
import type { LocalServer } from '../sqs.ts'
import type { Stack } from '../stack.ts'
import { readAssets } from './asset.ts'
import { createBatchFollower } from './batch-follower.ts'
import { createDrops } from './drops.ts'
import { startPageServer, uploadBytesMax } from './page-server.ts'
import { createQuestion, queryMs, rowsMax } from './question.ts'
import { createRing } from './ring.ts'
import type { Sample } from './sampler.ts'
import { createSampler } from './sampler.ts'
import { createTally } from './tally.ts'
import type { BatchLine, Hello, Point, Problem, Tick } from './tick.ts'
import { createViewers } from './viewers.ts'
import type { Watch } from './watch.ts'

export interface PageOptions {
  readonly stack: Stack
  /** Heard everything from before the stack's start. */
  readonly watch: Watch
  /** Sealed batches of earlier runs. */
  readonly history: readonly SealedBatch[]
  readonly tables: readonly Table[]
  readonly routes: readonly Route[]
  /** LOG_LEVEL of the functions. */
  readonly logLevel: string | undefined
  readonly signal: AbortSignal
}

export const tickMs = 1_000
/** Five minutes. */
const historyMax = 300
export const batchesMax = 60
const problemsMax = 50

/** What a viewer who comes later is told. */
const createMemory = () => {
  const points = createRing<Point>(historyMax)
  const problems = createRing<Problem>(problemsMax)
  const batches = new Map<string, BatchLine>()
  let last: Tick | undefined
  return {
    keep: (tick: Tick): void => {
      last = tick
      points.add(tick.point)
      tick.problems.forEach(problems.add)
      for (const line of tick.batches) batches.set(line.id, line)
      for (const id of [...batches.keys()].slice(0, -batchesMax)) batches.delete(id)
    },
    tell: () => ({
      history: points.items(),
      batches: [...batches.values()],
      problems: problems.items(),
      ...(last && { tick: last }),
    }),
  }
}

/** Never twice at once, and whatever fails: the page says itself that it hears nothing. */
const sampleOn = async (
  sample: Sample,
  onTick: (tick: Tick) => void,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    const tick = await sample().catch(() => undefined)
    if (tick && !signal.aborted) onTick(tick)
    await sleep(tickMs, undefined, { signal }).catch(() => undefined)
  }
}

/** The live page of a stack. It only looks, but for the files a person drops and the queries a person asks. */
export const startPage = async (options: PageOptions): Promise<LocalServer> => {
  const { stack, watch } = options
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const now = Date.now
  const store = createS3Store({ client: stack.clients.s3, bucket: stack.resources.silverBucket })
  const tally = createTally(stack.targets)
  const follower = createBatchFollower({ ledger: stack.ledger, store, tally, now, signal })
  follower.begin(options.history)
  const drops = createDrops(stack, store, now, signal)
  const memory = createMemory()
  const viewers = createViewers()
  const fixed = {
    dir: relative('', stack.dir) || '.',
    startedAt: now(),
    targets: stack.targets,
    bronzeBucket: stack.resources.bronzeBucket,
    routes: options.routes,
    ...{ uploadBytesMax, rowsMax, queryMs, historyMax },
    hasEngine: stack.warehouse !== undefined,
    isBlind: !/^(debug|info)?$/i.test(options.logLevel ?? ''),
  }
  const server = await startPageServer({
    assets: await readAssets(),
    viewers,
    hello: (): Hello => ({ ...fixed, ...memory.tell(), drops: drops.list() }),
    drops,
    ask: stack.warehouse && createQuestion(stack.warehouse.settings),
  })
  const { tables } = options
  const sample = createSampler({ stack, tables, watch, tally, follower, drops, now, signal })
  const sampling = sampleOn(
    sample,
    (tick) => {
      memory.keep(tick)
      viewers.tell('tick', tick)
    },
    signal,
  )
  return {
    url: server.url,
    close: async () => {
      ending.abort()
      await server.close()
      await sampling
    },
  }
}
