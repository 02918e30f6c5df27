import type { Queue, QueueMeter } from '@silversmith/core'
import type { BulkDeps, JobTurn, JobView } from '@silversmith/flow'
import { runJob, turnJob } from '@silversmith/flow'
import type { Invocation, Surroundings } from './invocation.ts'
import type { JobPlan } from './job-plan.ts'
import { planJob, writeOldKey } from './job-plan.ts'
import { routes } from './lambdas.ts'
import { writeNoteObject } from './note-object.ts'
import { arnOf, pipeline } from './place.ts'
import { createRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { createIdempotencyModel } from './send-once.ts'
import type { Ports } from './simulated-ports.ts'
import { request } from './simulated-ports.ts'
import type { Stage } from './stage.ts'
import type { Told, Uploader } from './uploader.ts'

export interface JobLifeOptions {
  readonly seed: number
  readonly stage: Stage
  readonly uploader: Uploader
  readonly tell: (told: Told) => void
  /** Jobs begin until then, and people turn them; counted from now. */
  readonly lastsMs: number
}

const salt = 0x6a6f6273
const minuteMs = 60_000
const oldMin = 5
const oldSpread = 14
const lateMs = 30 * minuteMs
const sliceSpread = 6
const restMaxMs = 3 * minuteMs
const resumeEveryMs = 10 * minuteMs
/** People turn a job while a call is at it. */
const turnMs = 20_000
const turnChance = 0.25
/** When an object is told of, if ever: before a job sends it, about then, when it is loaded. */
const news = ['at once', 'meanwhile', 'late', 'twice', 'never', 'never'] as const

/** Puts objects of older days into bronze and has jobs walk over it, by one runner or several, while people pause and cancel them. */
export const startJobLife = (around: Surroundings, options: JobLifeOptions): void => {
  const { scheduler } = around
  const { seed, stage, lastsMs } = options
  const random = createRandom(seed ^ salt)
  for (let n = oldMin + random.below(oldSpread); n > 0; n -= 1)
    scheduler.after(random.below(lastsMs / 4), () => putOld(around, options, random, n))
  const crew = createCrew(around, stage, random)
  for (let n = 1 + random.below(2); n > 0; n -= 1) {
    stage.errands.add(`job${n}`)
    scheduler.after(random.below(lastsMs * 0.7), () => {
      const plan = planJob(random, n, scheduler.now())
      scheduler.note(`${plan.id} ${JSON.stringify(plan)}`)
      around.tally.jobs += 1
      for (let runner = random.chance(0.4) ? 2 : 1; runner > 0; runner -= 1)
        scheduler.after(random.below(minuteMs), () => crew.walk(plan))
      crew.keepGoing(plan)
    })
  }
}

const putOld = (
  { scheduler }: Surroundings,
  { uploader, tell, lastsMs }: JobLifeOptions,
  random: Random,
  n: number,
): void => {
  const key = writeOldKey(random, n)
  const { version, told } = uploader.put({ key, bytes: writeNoteObject(random, key, `old${n}`) })
  const when = random.pick(news)
  version.isTold = when !== 'never'
  const tellWithin = (ms: number): void => scheduler.after(random.below(ms), () => tell(told))
  if (when === 'at once' || when === 'twice') tellWithin(minuteMs)
  if (when === 'meanwhile') tellWithin(lastsMs)
  if (when === 'late' || when === 'twice')
    scheduler.after(lastsMs * 0.75, () => tellWithin(lastsMs * 0.25 + lateMs))
}

/** Who runs jobs and turns them. */
const createCrew = (
  around: Surroundings,
  { running, bulk, errands, ...stage }: Stage,
  random: Random,
) => {
  const { scheduler } = around
  const { jobs } = stage
  const idempotency = createIdempotencyModel()
  const isGuarded = random.chance(0.5)
  const sliceObjects = 1 + random.below(sliceSpread)

  const queueOf = (job: string, self: Invocation, mayStart: () => boolean): Queue => ({
    send: (body) => {
      if (!mayStart()) around.violate(`${self.name} sends for ${job}, which it saw does not run`)
      return self.call(
        request('bulk.send', 'QUEUE', undefined, async () => {
          jobs.noteSent(job, body)
          around.tally.jobSends += 1
          stage.sendBulk(body)
        }),
      )
    },
  })
  const meterOf = (self: Invocation): QueueMeter => ({
    name: 'bulk',
    measure: (signal) =>
      self.call(
        request('bulk.measure', 'QUEUE', signal, async () => {
          return { queueArn: arnOf('bulk'), delayed: 0, ...bulk.depth() }
        }),
      ),
  })
  const depsOf = (job: string, ports: Ports, self: Invocation): BulkDeps => {
    const { ledger, mayStart } = jobs.follow(ports.ledger)
    const { bronze, store, clock, ids, log } = ports
    return {
      ...{ pipeline, routes, bronze, store, clock, ids, log, ledger, sliceObjects },
      queue: queueOf(job, self, mayStart),
      meter: meterOf(self),
      ...(isGuarded && { guard: idempotency.bind(self) }),
    }
  }
  /** It needs nobody any more. */
  const isOver = (id: string): boolean => {
    const job = jobs.jobs.get(id)
    const hasFailed = job?.parts.some(({ state }) => state === 'failed') ?? false
    const isOver = job?.state === 'cancelled' || (job?.state === 'done' && !hasFailed)
    if (isOver) errands.delete(id)
    return isOver
  }
  const turn = ({ id }: JobPlan, how: JobTurn): void =>
    running.start(
      'turn',
      (ports, self) => turnJob(depsOf(id, ports, self), id, how, self),
      () => void isOver(id),
    )
  const walk = (plan: JobPlan): void => {
    const { id, request: asked } = plan
    if (random.chance(turnChance)) {
      const how = random.pick(['pause', 'pause', 'pause', 'cancel'] as const)
      scheduler.after(random.below(turnMs), () => turn(plan, how))
      scheduler.after(random.below(resumeEveryMs), () => turn(plan, 'resume'))
    }
    const job = { id, request: asked, ...random.pick(plan.budgets) }
    running.start(
      'bulk',
      (ports, self) => runJob(depsOf(id, ports, self), job, self),
      (view: JobView | undefined) => {
        if (isOver(id)) return
        const restMs = Math.max(0, (view?.restUntil ?? 0) - scheduler.now())
        scheduler.after(Math.min(restMs, lateMs) + random.below(restMaxMs), () => walk(plan))
      },
    )
  }
  /** Somebody looks after what is paused or failed for long. */
  const keepGoing = (plan: JobPlan): void =>
    scheduler.after(resumeEveryMs + random.below(resumeEveryMs), () => {
      if (isOver(plan.id)) return
      if (jobs.jobs.get(plan.id)?.state !== 'running') turn(plan, 'resume')
      keepGoing(plan)
    })
  return { walk, turn, keepGoing }
}
