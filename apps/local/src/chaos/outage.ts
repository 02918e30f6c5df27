import { paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeStatus, drain, readStatus, Stalled } from '../drain.ts'
import { silverPrefix } from '../functions.ts'
import { readHistory } from '../account/history.ts'
import { readArrived } from '../kill/arrived.ts'
import type { Stack } from '../stack.ts'
import { startArena } from './arena.ts'
import type { Arena } from './arena.ts'
import type { ChaosOptions } from './chaos.ts'
import { historyPrefix, runBackfill, uploadHistory } from './history.ts'
import type { BackfillEnd } from './history.ts'
import { describe, judge } from './judgement.ts'
import { objectsPerSecond, uploadLoad } from './load.ts'
import type { Load } from './load.ts'

/** Seconds from the Last-Modified of an object to that of the silver file with its rows; S3 tells whole seconds. */
export interface Lag {
  readonly median: number
  /** 99.9 % of the objects are there as soon. */
  readonly most: number
  readonly longest: number
}

export interface OutageOptions extends ChaosOptions {
  /** All the while a job loads objects that were there before, as many a second as come. */
  readonly backfill: boolean
}

/** The document of `--outage --json`. */
export interface OutageReport {
  readonly minutes: number
  readonly seed: number
  readonly objects: number
  readonly rows: number
  readonly rejected: number
  /** Batches that were not committed when ClickHouse came back. */
  readonly waitingBatches: number
  /** From the return of ClickHouse until nothing was left to do, uploads of the last seconds included. */
  readonly caughtUpSeconds: number
  readonly deadLetters: number
  /** Of what comes meanwhile, not of a job. */
  readonly silverLag: Lag
  readonly backfill?: BackfillEnd
  /** Sums over both targets. */
  readonly lost: number
  readonly duplicated: number
  readonly extra: number
  readonly problems: readonly string[]
  /** Figures that fall short: by the pipeline or by a machine that is busy. */
  readonly slow: readonly string[]
}

/** A job has begun when ClickHouse goes away. */
const backfillAfterSeconds = 3
/** Objects come before, so that ClickHouse has served, and after, so that new ones meet old ones. */
const beforeSeconds = 15
const afterSeconds = 15
const visibilitySeconds = 60
/** What others than the target that is away may take. */
const silverLagSecondsMax = 180

/** ClickHouse is killed and comes back after `seconds`; objects come all the time. */
export const runOutage = async (options: OutageOptions): Promise<OutageReport> => {
  const { dir, seed, seconds, onProgress, signal } = options
  onProgress('starting')
  const failing = new AbortController()
  const ending = AbortSignal.any([signal, failing.signal])
  const onBroken = (error: Error): void => failing.abort(error)
  const arena = await startArena({ dir, seed, signal: ending, onBroken })
  const { stack, engine, network } = arena
  try {
    await network.calm()
    await arena.setVisibility(visibilitySeconds)
    const history = options.backfill
      ? await uploadHistory(stack, {
          ...{ seed: seed + 1, objects: Math.ceil(objectsPerSecond * seconds), signal: ending },
        })
      : undefined
    stack.start()
    let phase = 'all is well'
    const uploading = uploadLoad({
      ...{ stack, seed, seconds: beforeSeconds + seconds + afterSeconds, signal: ending },
      onProgress: ({ objects }) => onProgress(`${phase} · objects ${objects}`),
    })
    const outage = async () => {
      await sleep(beforeSeconds * 1_000, undefined, { signal: ending })
      phase = 'ClickHouse is away'
      await engine.kill()
      await sleep(seconds * 1_000, undefined, { signal: ending })
      const { openBatches } = await readStatus(stack, ending)
      await engine.revive()
      phase = 'ClickHouse is back'
      return { waitingBatches: openBatches.length, backAt: Date.now() }
    }
    const loadHistory = async (): Promise<BackfillEnd | undefined> => {
      if (!history) return undefined
      await sleep(backfillAfterSeconds * 1_000, undefined, { signal: ending })
      return runBackfill(stack, objectsPerSecond, ending)
    }
    const [live, { waitingBatches, backAt }, backfill] = await Promise.all([
      uploading,
      outage(),
      loadHistory(),
    ])
    const load = history ? join(live, history) : live
    const unsettled = await rest(stack, onProgress, ending)
    const caughtUpSeconds = Math.round((Date.now() - backAt) / 1_000)
    onProgress('judging')
    return await tell(arena, load, {
      ...{ ...options, waitingBatches, caughtUpSeconds, unsettled, backfill },
      jobObjects: history?.objects ?? 0,
    })
  } catch (error) {
    failing.abort(error)
    throw ending.reason
  } finally {
    await arena.close()
  }
}

const join = (a: Load, b: Load): Load => ({
  objects: a.objects + b.objects,
  rows: new Set([...a.rows, ...b.rows]),
  quarantine: new Set([...a.quarantine, ...b.quarantine]),
})

/** Undefined: nothing is left to do. */
const rest = async (
  stack: Stack,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> => {
  try {
    const onStatus = (status: Parameters<typeof describeStatus>[0]): void =>
      onProgress(`ClickHouse is back · ${describeStatus(status)}`)
    await drain(stack, { onStatus, signal })
    return undefined
  } catch (error) {
    if (error instanceof Stalled) return error.message
    throw error
  }
}

interface Outcome {
  readonly seed: number
  readonly seconds: number
  readonly waitingBatches: number
  readonly caughtUpSeconds: number
  readonly unsettled: string | undefined
  readonly backfill: BackfillEnd | undefined
  /** What the job must have loaded. */
  readonly jobObjects: number
  readonly signal: AbortSignal
}

const tell = async (
  { stack, engine }: Arena,
  load: Load,
  outcome: Outcome,
): Promise<OutageReport> => {
  const { seed, seconds, waitingBatches, caughtUpSeconds, unsettled, signal, backfill } = outcome
  const judgement = judge(load, await readArrived(stack, engine.url()))
  const { dead } = await readStatus(stack, signal)
  const silverLag = await measureSilverLag(stack, signal)
  const { clickhouse, silver } = judgement
  return {
    ...{ minutes: seconds / 60, seed, objects: load.objects },
    ...{ rows: load.rows.size, rejected: load.quarantine.size },
    ...{ waitingBatches, caughtUpSeconds, deadLetters: dead, silverLag },
    ...(backfill && { backfill }),
    lost: clickhouse.lost.length + silver.lost.length,
    duplicated: clickhouse.duplicated.length + silver.duplicated.length,
    extra: clickhouse.extra.length + silver.extra.length,
    problems: [
      ...(unsettled === undefined ? [] : [unsettled]),
      ...describe(judgement),
      ...problemsOf(outcome),
      ...(dead === 0 ? [] : [`${dead} messages are dead letters`]),
    ],
    slow:
      silverLag.most <= silverLagSecondsMax
        ? []
        : [`99.9 % of the objects are in silver after ${silverLag.most} s only`],
  }
}

const problemsOf = ({ backfill, jobObjects }: Outcome): readonly string[] => {
  if (!backfill) return []
  const { code, objects, succeeded } = backfill
  if (code === 0 && objects === jobObjects && succeeded === jobObjects) return []
  return [`the job ended with ${code}: ${succeeded} of ${objects} loaded, of ${jobObjects}`]
}

const measureSilverLag = async (stack: Stack, signal: AbortSignal): Promise<Lag> => {
  const landedAt = await readLandings(stack)
  const lags = (await readHistory(stack, signal))
    .flatMap(({ manifest: { batch, sources } }) =>
      sources
        .filter(({ rows, object }) => rows > 0 && !object.key.startsWith(historyPrefix))
        .map(({ lastModified }) => ((landedAt.get(batch) ?? Infinity) - lastModified) / 1_000),
    )
    .sort((a, b) => a - b)
  const at = (share: number): number =>
    Math.round(lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? Infinity)
  return { median: at(0.5), most: at(0.999), longest: at(1) }
}

/** When the last silver file of each batch came, epoch ms. */
const readLandings = async (stack: Stack): Promise<ReadonlyMap<string, number>> => {
  const landedAt = new Map<string, number>()
  const place = { Bucket: stack.resources.silverBucket, Prefix: `${silverPrefix}/` }
  for await (const { Contents = [] } of paginateListObjectsV2({ client: stack.clients.s3 }, place))
    for (const { Key = '', LastModified } of Contents) {
      const batch = Key.split('/').at(-1)?.slice(0, 26) ?? ''
      landedAt.set(batch, Math.max(landedAt.get(batch) ?? 0, LastModified?.getTime() ?? Infinity))
    }
  return landedAt
}

/** For a person at a terminal. */
export const humanOutage = (report: OutageReport): string =>
  [
    ['seed', report.seed],
    ['ClickHouse away, min', report.minutes],
    ['objects', report.objects],
    ['rows', report.rows],
    ['rejected', report.rejected],
    ['batches that waited', report.waitingBatches],
    ['caught up after, s', report.caughtUpSeconds],
    ['dead letters', report.deadLetters],
    [
      'silver lag, s',
      `median ${report.silverLag.median}, 99.9 % ${report.silverLag.most}, longest ${report.silverLag.longest}`,
    ],
    ...(report.backfill === undefined
      ? []
      : [['the job', `${report.backfill.succeeded} objects in ${report.backfill.seconds} s`]]),
    ['lost', report.lost],
    ['duplicated', report.duplicated],
    ['extra', report.extra],
  ]
    .map(([name, value]) => `${String(name).padEnd(22)} ${value}`)
    .join('\n')
