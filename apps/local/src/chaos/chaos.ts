import { paginateScan } from '@aws-sdk/client-dynamodb'
import { describeStatus } from '../drain.ts'
import { readHistory } from '../account/history.ts'
import { readArrived, table } from '../kill/arrived.ts'
import type { Stack } from '../stack.ts'
import { startArena } from './arena.ts'
import { createDice } from './dice.ts'
import { startFire } from './fire.ts'
import type { FireCounts } from './fire.ts'
import { planFire } from './fire-plan.ts'
import { judge } from './judgement.ts'
import type { Judgement } from './judgement.ts'
import { uploadLoad } from './load.ts'
import type { Load } from './load.ts'
import type { Fate } from './rough-network.ts'
import { settle } from './settling.ts'

export interface ChaosOptions {
  readonly dir: string
  readonly seed: number
  /** Of fire; uploads last as long, more on a slow machine. */
  readonly seconds: number
  readonly onProgress: (text: string) => void
  readonly signal: AbortSignal
}

/** What happened under fire and after it. */
export interface Ordeal {
  readonly load: Load
  readonly fire: FireCounts
  readonly network: Readonly<Record<Fate, number>>
  readonly redelivered: number
  readonly redriven: number
  /** Why it did not come to rest. */
  readonly unsettled: string | undefined
}

/** A stack that was under fire and has come to rest, or never will. */
export interface Chaos {
  readonly stack: Stack
  readonly ordeal: Ordeal
  /** Asks the engine in SQL. */
  engineUrl(): string
  /** Reads what is there now and compares it with what is due. */
  judge(): Promise<Judgement>
  /** How often each came of a batch: `C`, `A lost`, `A failed`. */
  countBatches(): Promise<Readonly<Record<string, number>>>
  /** How often each came of an object, as the manifests say. */
  countDispositions(): Promise<Readonly<Record<string, number>>>
  /** Parts that came of a merge, which might have hidden rows. */
  countMerged(): Promise<number>
  close(): Promise<void>
}

/** Shorter than the work: with their window alone messages wait that long. */
const visibilitySeconds = 1
/** Longer than any invocation, as it should be. */
const quietVisibilitySeconds = 60

const count = (names: Iterable<string>): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

const listBatchEnds = async ({ clients, resources }: Stack): Promise<string[]> => {
  const ends: string[] = []
  const pages = paginateScan(
    { client: clients.dynamodb },
    { TableName: resources.ledgerTable, ConsistentRead: true },
  )
  for await (const { Items = [] } of pages)
    for (const { kind, state, end } of Items)
      if (kind?.S === 'batch') ends.push([state?.S, end?.S].filter(Boolean).join(' '))
  return ends
}

/** Runs a stack under fire while objects are uploaded, then lets it come to rest. */
export const startChaos = async (options: ChaosOptions): Promise<Chaos> => {
  const { dir, seed, seconds, onProgress } = options
  const failing = new AbortController()
  const signal = AbortSignal.any([options.signal, failing.signal])
  onProgress('starting')
  const arena = await startArena({ dir, seed, signal, onBroken: (error) => failing.abort(error) })
  const { stack, engine, network } = arena
  try {
    await arena.setVisibility(visibilitySeconds)
    stack.start()
    const plan = planFire(createDice(seed + 1), seconds)
    const fire = startFire({ stack, engine, plan, dice: createDice(seed + 2), signal })
    const uploading = uploadLoad({
      ...{ stack, seed, seconds, signal },
      onProgress: ({ objects, rows }) => {
        const { kills, engineRestarts } = fire.counts()
        const killed = kills.ingest + kills.transform + kills.bulk
        onProgress(
          `objects ${objects} · rows ${rows.size} · kills ${killed} · engine restarts ${engineRestarts}`,
        )
      },
    }).catch((error: unknown) => {
      failing.abort(error)
      throw error
    })
    const burning = fire.over.catch((error: unknown) => {
      failing.abort(error)
      throw error
    })
    await Promise.allSettled([uploading, burning])
    const load = await uploading
    await burning
    await network.calm()
    await arena.setVisibility(quietVisibilitySeconds)
    const onStatus = (status: Parameters<typeof describeStatus>[0]): void =>
      onProgress(`the fire is out · ${describeStatus(status)}`)
    const settled = await settle({ stack, onStatus, signal })
    onProgress('judging')
    return {
      stack,
      ordeal: {
        ...{ load, ...settled, fire: fire.counts(), network: network.counts() },
        redelivered: arena.redelivered(),
      },
      engineUrl: () => engine.url(),
      judge: async () => judge(load, await readArrived(stack, engine.url())),
      countBatches: async () => count(await listBatchEnds(stack)),
      countDispositions: async () => {
        const history = await readHistory(stack, signal)
        return count(
          history.flatMap(({ manifest }) => manifest.sources.map(({ disposition }) => disposition)),
        )
      },
      countMerged: () => engine.countMerged(table),
      close: arena.close,
    }
  } catch (error) {
    await arena.close().catch(() => undefined)
    // What was cut off tells only that it was.
    throw signal.aborted ? signal.reason : error
  }
}
