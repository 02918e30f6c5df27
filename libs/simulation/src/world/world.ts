import { writeObjectsMessage } from '@silversmith/core'
import { findUntold, startBronzeLife } from './bronze-life.ts'
import type { Version } from './history.ts'
import type { Surroundings, Tally } from './invocation.ts'
import type { BucketState } from '../memory/memory-bronze.ts'
import type { Mutation } from '../mutants/mutation.ts'
import { judgeWorld } from './oracle.ts'
import { createRandom } from '../random.ts'
import { createScheduler } from './scheduler.ts'
import type { Sqs } from './sqs.ts'
import { buildStage, pipeline } from './stage.ts'
import type { Fate, Troubles } from './troubles.ts'
import { drawTroubles, noTroubles } from './troubles.ts'

export interface WorldOptions {
  readonly mutation?: Mutation
  readonly trace?: (line: string) => void
  /** Instead of the seed's own. */
  readonly troubles?: Troubles
  /** Fate of the n-th await, 0-based, instead of a drawn one. */
  readonly force?: (n: number) => Fate | undefined
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
const restLimitMs = 12 * 60 * minuteMs
const violationsMax = 20

type Stage = ReturnType<typeof buildStage>

/** Runs one world to its end: troubles, then healing, then rest, then judgement. The same seed gives the same run. */
export const runWorld = async (seed: number, options: WorldOptions = {}): Promise<World> => {
  const { mutation = {}, force = () => undefined } = options
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
  const drawn = options.troubles ?? drawTroubles(random)
  let troubles = drawn
  const around: Surroundings = {
    scheduler,
    random,
    tally,
    troubles: () => troubles,
    violate,
    outages: new Map(),
    force,
  }
  const stage = buildStage(around, mutation, seed)
  const { history, store, arrivals, objects } = stage

  const troubledMs = (30 + random.below(60)) * minuteMs
  startBronzeLife(around, {
    ...{ bronze: stage.bronze, history, bucket, lastsMs: troubledMs * 0.8 },
    state: random.pick<BucketState>(['unversioned', 'versioned', 'suspended']),
    tell: (told) => arrivals.send(JSON.stringify(told)),
    reload: (version) => sendSource(objects, version),
  })
  const isHopeless = (): boolean => violations.length >= violationsMax
  await scheduler.run(startMs + troubledMs, isHopeless)
  scheduler.note('the world heals')
  troubles = noTroubles
  startRepairs(around, stage)
  const earliestRest = scheduler.now() + 40 * minuteMs
  const healedAt = scheduler.now()
  const rests = await scheduler.run(
    healedAt + restLimitMs,
    () => isHopeless() || (scheduler.now() > earliestRest && isAtRest(stage)),
  )
  if (!rests) violate(`no rest ${restLimitMs / minuteMs} minutes after healing`)
  await judgeWorld({ ...stage, files: store.files, violate })
  return {
    ...{ seed, violations, tally, troubles: drawn },
    objects: history.all().length,
    rows: stage.engine.tables().reduce((sum, table) => sum + stage.engine.rows(table).length, 0),
    dispositions: stage.dispositions,
    restMs: scheduler.now() - healedAt,
    fingerprint: scheduler.fingerprint,
  }
}

/** What people and schedules do once all is well: list what nobody was told of, hand back dead letters. */
const startRepairs = ({ scheduler }: Surroundings, { history, arrivals, objects }: Stage): void => {
  scheduler.after(reconcileAfterMs, () => {
    for (const version of findUntold(history)) {
      version.isTold = true
      sendSource(objects, version)
    }
  })
  const redrive = (): void => {
    arrivals.redrive()
    objects.redrive()
    scheduler.after(redriveEveryMs, redrive)
  }
  scheduler.after(redriveEveryMs, redrive)
}

/** Nothing is queued, running, open or staged. */
const isAtRest = ({ arrivals, objects, running, ledger, store }: Stage): boolean =>
  arrivals.size() + objects.size() + running() === 0 &&
  !ledger.items().some(({ item }) => item.kind === 'batch' && /[FS]/.test(item.state)) &&
  ![...store.files.keys()].some((key) => key.startsWith('_staging/'))

const sendSource = (objects: Sqs, { id, object, isRouted, generation }: Version): void => {
  const source = { id, object, dataset: isRouted ? 'notes' : undefined, generation }
  objects.send(writeObjectsMessage(pipeline, { kind: 'source', source }))
}
