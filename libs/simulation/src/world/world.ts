import type { Limits } from '@silversmith/core'
import type { Actor } from './actor.ts'
import { createActor } from './actor.ts'
import { findUntold, startBronzeLife } from './bronze-life.ts'
import type { Force, Surroundings, Tally } from './invocation.ts'
import { createForce } from './invocation.ts'
import type { Mutation } from '../mutants/mutation.ts'
import { judgeWorld } from './oracle.ts'
import { createRandom } from '../random.ts'
import { createScheduler } from './scheduler.ts'
import { buildStage } from './stage.ts'
import type { Troubles } from './troubles.ts'
import { drawTroubles, noTroubles } from './troubles.ts'
import { createUploader } from './uploader.ts'

export interface WorldOptions {
  readonly mutation?: Mutation
  readonly trace?: (line: string) => void
  /** Instead of the seed's own; in a scripted world there are none unless given. */
  readonly troubles?: Troubles
  /** Fates of single await points. */
  readonly force?: Force
  /** Runs at the start, instead of a life of objects drawn by the seed; limits are wide then, and a chunk is one partition. */
  readonly script?: (actor: Actor) => void
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
const bucket = 'bronze'
const redriveEveryMs = 30 * minuteMs
const reconcileAfterMs = 10 * minuteMs
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
  }
  const drawn = options.troubles ?? (script ? noTroubles : drawTroubles(random))
  let troubles = drawn
  const around: Surroundings = {
    ...{ scheduler, random, tally, violate, outages: new Map() },
    troubles: () => troubles,
    force: createForce(options.force),
  }
  const { mutation = {}, limits = {} } = options
  const stage = buildStage(around, { seed, mutation, limits, isScripted: script !== undefined })
  const isHopeless = (): boolean => violations.length >= violationsMax

  if (script) await runScript(around, stage, script, isHopeless)
  else await runRandomly(around, stage, isHopeless)
  scheduler.note('the world heals')
  troubles = noTroubles
  around.outages.clear()
  startRepairs(around, stage)
  const healedAt = scheduler.now()
  const earliestRest = healedAt + (script ? 0 : lateNewsMs)
  const rests = await scheduler.run(
    healedAt + restLimitMs,
    () => isHopeless() || (scheduler.now() >= earliestRest && isAtRest(stage)),
  )
  if (!rests) violate(`no rest ${restLimitMs / minuteMs} minutes after healing`)
  await judgeWorld({ ...stage, files: stage.store.files, violate })
  return {
    ...{ seed, violations, tally, troubles: drawn },
    objects: stage.history.all().length,
    rows: stage.engine.tables().reduce((sum, table) => sum + stage.engine.rows(table).length, 0),
    dispositions: stage.dispositions,
    restMs: scheduler.now() - healedAt,
    fingerprint: scheduler.fingerprint,
  }
}

type Stage = ReturnType<typeof buildStage>

const runRandomly = async (
  around: Surroundings,
  stage: Stage,
  isHopeless: () => boolean,
): Promise<void> => {
  const { random, scheduler } = around
  const troubledMs = (30 + random.below(60)) * minuteMs
  const { history, arrivals } = stage
  startBronzeLife(around, {
    ...{ history, lastsMs: troubledMs * 0.8, reload: stage.ask },
    uploader: createUploader(around, { ...stage, bucket }),
    tell: (told) => arrivals.send(JSON.stringify(told)),
  })
  await scheduler.run(scheduler.now() + troubledMs, isHopeless)
}

const runScript = async (
  around: Surroundings,
  stage: Stage,
  script: (actor: Actor) => void,
  isHopeless: () => boolean,
): Promise<void> => {
  const actor = createActor(around, {
    uploader: createUploader(around, { ...stage, bucket }),
    tell: (told) => stage.arrivals.send(JSON.stringify(told)),
    reload: stage.ask,
    redrive: () => redrive(stage),
    sweep: stage.running.sweep,
    reconcile: () => reconcile(stage),
  })
  script(actor)
  const isOver = (): boolean => actor.open() === 0 || isHopeless()
  await around.scheduler.run(around.scheduler.now() + scriptLimitMs, isOver)
}

/** What people and schedules do once all is well: list what nobody was told of, hand back dead letters. */
const startRepairs = ({ scheduler }: Surroundings, stage: Stage): void => {
  scheduler.after(reconcileAfterMs, () => reconcile(stage))
  const redriveForEver = (): void => {
    redrive(stage)
    scheduler.after(redriveEveryMs, redriveForEver)
  }
  scheduler.after(redriveEveryMs, redriveForEver)
}

const reconcile = ({ history, ask }: Stage): void => {
  for (const version of findUntold(history)) {
    version.isTold = true
    ask(version)
  }
}

const redrive = ({ arrivals, objects }: Stage): void => {
  arrivals.redrive()
  objects.redrive()
}

/** Nothing is queued, running, open or staged, and nothing is in bronze that nobody was told of. */
const isAtRest = ({ arrivals, objects, running, watch, store, history }: Stage): boolean =>
  arrivals.size() + objects.size() + running.count() + watch.open.size === 0 &&
  findUntold(history).length === 0 &&
  ![...store.files.keys()].some((key) => key.startsWith('_staging/'))
