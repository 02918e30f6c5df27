import type { Limits } from '@silversmith/core'
import type { Actor } from './actor.ts'
import { createActor } from './actor.ts'
import { startBronzeLife } from './bronze-life.ts'
import type { Version } from './history.ts'
import { isHeldNow } from './history.ts'
import type { Force, Surroundings, Tally } from './invocation.ts'
import { createForce } from './invocation.ts'
import { judgeJobs } from './job-judgement.ts'
import { startJobLife } from './job-life.ts'
import type { LifeChances, Lives } from './lives.ts'
import { drawLives, quietLives } from './lives.ts'
import { judgeIndependence, planLongOutage } from './long-outage.ts'
import { startMessageLife } from './message-life.ts'
import type { Mutation } from '../mutants/mutation.ts'
import { judgeWorld } from './oracle.ts'
import { createRandom } from '../random.ts'
import { bucket } from './place.ts'
import { startRebuildLife } from './rebuild-life.ts'
import { judgeLastReport, sendMissing } from './reconcile-check.ts'
import type { Scheduler } from './scheduler.ts'
import { createScheduler } from './scheduler.ts'
import type { Stage } from './stage.ts'
import { buildStage } from './stage.ts'
import type { Troubles } from './troubles.ts'
import { drawTroubles, noTroubles } from './troubles.ts'
import type { Told } from './uploader.ts'
import { createUploader } from './uploader.ts'
import type { Watch } from './watch.ts'

export interface WorldOptions {
  readonly mutation?: Mutation
  readonly trace?: (line: string) => void
  /** Instead of the seed's own; in a scripted world there are none unless given. */
  readonly troubles?: Troubles
  /** Fates of single await points. */
  readonly force?: Force
  /** Runs at the start, instead of a life of objects drawn by the seed; limits are wide then, and a chunk is one partition. */
  readonly script?: (actor: Actor) => void
  /** How likely a world that is not scripted has them, instead of the usual. */
  readonly lives?: LifeChances
  /** Over the drawn ones. */
  readonly limits?: Partial<Limits>
}

export interface World {
  readonly seed: number
  readonly violations: readonly string[]
  readonly objects: number
  readonly rows: number
  readonly tally: Tally
  readonly dispositions: Readonly<Record<string, number>>
  readonly troubles: Troubles
  /** Virtual time from healing to rest. */
  readonly restMs: number
  readonly fingerprint: string
}

const minuteMs = 60_000
const startMs = Date.UTC(2026, 5, 1)
const troubledMinMs = 30 * minuteMs
const troubledSpreadMs = 60 * minuteMs
/** Where arrivals are lost troubles go on for so much longer, for reconcile looks at what is older than an hour. */
const lostTroubledMs = 80 * minuteMs
const reconcileEveryMs = 30 * minuteMs
const redriveEveryMs = 30 * minuteMs
/** News, repetitions and dead letters of the troubled time still come. */
const lateNewsMs = 40 * minuteMs
const restLimitMs = 12 * 60 * minuteMs
const scriptLimitMs = 30 * 24 * 60 * minuteMs
const violationsMax = 20

/** Runs one world to its end: troubles, then healing, then rest, then judgement. The same seed gives the same run. */
export const runWorld = async (seed: number, options: WorldOptions = {}): Promise<World> => {
  const { script } = options
  const random = createRandom(seed)
  const scheduler = createScheduler(startMs, options.trace)
  const violations: string[] = []
  const violate = (text: string): void => {
    scheduler.note(`VIOLATION ${text}`)
    if (violations.length < violationsMax) violations.push(text)
  }
  const tally: Tally = {
    ...{ awaits: 0, crashes: 0, unknownOutcomes: 0 },
    ...{ duplicatesDelivered: 0, partialInserts: 0, invocations: 0 },
    ...{ merges: 0, enqueued: 0, jobs: 0, jobSends: 0, chunksRebuilt: 0 },
  }
  const drawn = options.troubles ?? (script ? noTroubles : drawTroubles(random))
  let troubles = drawn
  scheduler.note(`troubles ${JSON.stringify(drawn)}`)
  const around: Surroundings = {
    ...{ scheduler, random, tally, violate, outages: new Map() },
    troubles: () => troubles,
    force: createForce(options.force),
  }
  const { mutation = {}, limits = {} } = options
  const lives = script ? quietLives : drawLives(seed, options.lives)
  const isScripted = script !== undefined
  const stage = buildStage(around, { seed, mutation, limits, lives, isScripted })
  const isHopeless = (): boolean => violations.length >= violationsMax

  const becomeQuiet = (): void => {
    troubles = noTroubles
  }
  if (script) await runScript(around, stage, script, isHopeless)
  else await runRandomly(around, stage, { seed, lives, becomeQuiet, isHopeless })
  scheduler.note('the world heals')
  becomeQuiet()
  around.outages.clear()
  repeat(scheduler, redriveEveryMs, () => redrive(around, stage))
  repeat(scheduler, reconcileEveryMs, () => {
    if (!areAllFound(stage)) stage.running.reconcile()
  })
  const healedAt = scheduler.now()
  const earliestRest = healedAt + (script ? 0 : lateNewsMs)
  const rest = async (): Promise<boolean> => {
    const isOver = (): boolean =>
      isHopeless() || (scheduler.now() >= earliestRest && isAtRest(stage))
    const rests = await scheduler.run(healedAt + restLimitMs, isOver)
    if (!rests)
      violate(`no rest ${restLimitMs / minuteMs} minutes after healing: ${tellRest(stage)}`)
    return rests && !isHopeless()
  }
  let rests = await rest()
  if (rests && (await sendMissing(stage, scheduler.now(), violate)) > 0) rests = await rest()
  if (rests) await judgeLastReport(stage, scheduler.now(), violate)
  if (rests) await judgeJobs(stage, scheduler.now(), violate)
  await judgeWorld({ ...stage, files: stage.store.files, violate })
  return {
    ...{ seed, violations, tally, troubles: drawn },
    objects: stage.history.all().length,
    rows: stage.engine
      .tables()
      .reduce((sum, table) => sum + stage.engine.appended(table).length, 0),
    dispositions: stage.dispositions,
    restMs: scheduler.now() - healedAt,
    fingerprint: scheduler.fingerprint,
  }
}

interface RandomLife {
  readonly seed: number
  readonly lives: Lives
  readonly becomeQuiet: () => void
  readonly isHopeless: () => boolean
}

const runRandomly = async (
  around: Surroundings,
  stage: Stage,
  { seed, lives, becomeQuiet, isHopeless }: RandomLife,
): Promise<void> => {
  const { random, scheduler, troubles, violate } = around
  const liveMs = troubledMinMs + random.below(troubledSpreadMs)
  const troubledMs = liveMs + (troubles().lostArrival > 0 ? lostTroubledMs : 0)
  const { history, arrivals } = stage
  const lastsMs = liveMs * 0.8
  const uploader = createUploader(around, { ...stage, bucket })
  const tell = (told: Told): void => void arrivals.send(JSON.stringify(told))
  startBronzeLife(around, { history, lastsMs, reload: stage.ask, uploader, tell })
  startMessageLife(scheduler, { seed, lastsMs, send: stage.sendMessage })
  if (lives.hasJobs) startJobLife(around, { seed, stage, uploader, tell, lastsMs })
  if (lives.hasRebuild) startRebuildLife(around, { seed, stage, lastsMs })
  repeat(scheduler, reconcileEveryMs, () => {
    if (troubles().lostArrival > 0) stage.running.reconcile()
  })
  repeat(scheduler, redriveEveryMs, () => {
    if (random.chance(troubles().earlyRedrive)) redrive(around, stage)
  })
  const outage = planLongOutage(around, troubledMs)
  await scheduler.run(scheduler.now() + troubledMs, isHopeless)
  if (!outage) return
  // The days pass quietly, so that nothing but the target that is down may keep anything waiting.
  becomeQuiet()
  for (const service of around.outages.keys())
    if (service !== outage.service) around.outages.delete(service)
  await scheduler.run(outage.until, isHopeless)
  judgeIndependence(stage, outage, scheduler.now(), violate)
}

const runScript = async (
  around: Surroundings,
  stage: Stage,
  script: (actor: Actor) => void,
  isHopeless: () => boolean,
): Promise<void> => {
  const actor = createActor(around, {
    uploader: createUploader(around, { ...stage, bucket }),
    tell: (told) => void stage.arrivals.send(JSON.stringify(told)),
    reload: stage.ask,
    send: stage.sendMessage,
    redrive: () => redrive(around, stage),
    merge: () => stage.engine.tables().forEach(stage.engine.merge),
    sweep: stage.running.sweep,
    reconcile: stage.running.reconcile,
  })
  script(actor)
  const isOver = (): boolean => actor.open() === 0 || isHopeless()
  await around.scheduler.run(around.scheduler.now() + scriptLimitMs, isOver)
}

const repeat = (scheduler: Scheduler, everyMs: number, work: () => void): void => {
  scheduler.after(everyMs, () => {
    work()
    repeat(scheduler, everyMs, work)
  })
}

const redrive = ({ scheduler }: Surroundings, stage: Stage): void => {
  const moved = queuesOf(stage).reduce((sum, queue) => sum + queue.redrive(), 0)
  if (moved > 0) scheduler.note(`${moved} dead letters are handed back`)
}

const queuesOf = ({ arrivals, objects, bulk, messages }: Stage) =>
  [arrivals, objects, bulk, messages] as const

/** What keeps the world from its rest. */
const tellRest = (stage: Stage): string => {
  const { running, watch, store, history, errands } = stage
  const unfound = history.all().filter((version) => !isFound(watch, version))
  const staged = [...store.files.keys()].filter((key) => key.startsWith('_staging/'))
  return JSON.stringify({
    queues: queuesOf(stage).map((queue) => queue.size()),
    ...{ running: running.count(), errands: [...errands] },
    ...{
      open: [...watch.open],
      openBreakers: [...watch.openBreakers],
      staged,
      unfound: unfound.map(({ object }) => object),
    },
  })
}

/** Somebody was told of it, or there is nothing to tell: reconcile leaves alone what is loaded, and what no route accepts. */
const isFound = (watch: Watch, version: Version): boolean =>
  version.isTold || !version.isRouted || !isHeldNow(version) || watch.settledSources.has(version.id)

const areAllFound = ({ history, watch }: Pick<Stage, 'history' | 'watch'>): boolean =>
  history.all().every((version) => isFound(watch, version))

/** Nothing is queued, running, open or staged, and nothing is in bronze that nobody was told of. */
const isAtRest = (stage: Stage): boolean => {
  const { running, watch, store, errands } = stage
  return (
    queuesOf(stage).every((queue) => queue.size() === 0) &&
    running.count() + watch.open.size + watch.openBreakers.size + errands.size === 0 &&
    areAllFound(stage) &&
    ![...store.files.keys()].some((key) => key.startsWith('_staging/'))
  )
}
