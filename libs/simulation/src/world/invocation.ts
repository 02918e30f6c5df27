import type { FaultCode } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import type { Random } from '../random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Fate, Troubles } from './troubles.ts'
import { drawFate } from './troubles.ts'

/** What the worlds' report counts. */
export interface Tally {
  awaits: number
  crashes: number
  unknownOutcomes: number
  duplicatesDelivered: number
  partialInserts: number
  /** Of parts of a table, each of which must change nothing. */
  merges: number
  /** Sources that reconcile sent. */
  enqueued: number
  jobs: number
  /** Messages that jobs sent. */
  jobSends: number
  /** That a rebuild out of silver filled. */
  chunksRebuilt: number
  invocations: number
}

export interface Surroundings {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly tally: Tally
  /** Read at every await point: healing changes them. */
  readonly troubles: () => Troubles
  readonly violate: (text: string) => void
  readonly outages: Outages
  /** Asked of every await point; undefined: the drawn fate stays. */
  readonly force: ReturnType<typeof createForce>
}

/** One await point of a world. */
export interface AwaitPoint {
  /** 0-based, over the whole world. */
  readonly n: number
  /**
   * Kind of the function, port, method and what it is about, as in the trace but with `*` for ids of batches, so that runs
   * which differ in one fault can be compared.
   */
  readonly label: string
  /** How many points of the same label came before it. */
  readonly nth: number
}

export type Force = (point: AwaitPoint) => Fate | undefined

/** `SILVER` is the store where it takes final Parquet files, `STORE` the rest of it. */
export type Service = 'BRONZE' | 'STORE' | 'SILVER' | 'LEDGER' | 'QUEUE' | 'CLICKHOUSE'

/** Services that are down: when each comes back, and how it fails until then. Healing empties it. */
export type Outages = Map<Service, Outage>

export interface Outage {
  readonly until: number
  readonly fate: Fate
  /** What a call that is refused (`throttled`) fails with; absent: as when throttled. */
  readonly code?: FaultCode
}

export interface Request<Result> {
  readonly service: Service
  /** For the trace: port, method, and what it is about. */
  readonly label: string
  /** Takes effect on the simulated world; may take virtual time of its own. */
  readonly apply: () => Promise<Result>
  readonly throttledCode: FaultCode
  readonly unknownCode: FaultCode
  /** What an adapter's own retry makes of a lost answer, where that is not a fault (a compare-and-set fails on itself). */
  readonly afterRetry?: Result
  /** Longest delay of a late apply. */
  readonly lateMaxMs: number
  /** The caller's; given up, the call fails at once although its effect may still come. Absent: it cannot be given up. */
  readonly signal?: AbortSignal
}

/** One run of a Lambda: a process that may crash, freeze, or run out of time at any of its calls. */
export interface Invocation {
  readonly name: string
  readonly signal: AbortSignal
  /** By the invocation's own clock. */
  readonly deadline: number
  now(): number
  sleep(ms: number): Promise<void>
  call<Result>(request: Request<Result>): Promise<Result>
  /** Ends the process here and now: nothing it awaits ever resolves. */
  crash(reason: string): void
  readonly isDead: boolean
  /** It was frozen: others may have taken it for dead. */
  readonly wasFrozen: boolean
}

export interface InvocationOptions<Result> {
  readonly name: string
  readonly timeoutMs: number
  /** The signal aborts this long before the end. */
  readonly graceMs: number
  readonly run: (invocation: Invocation) => Promise<Result>
  /** `undefined`: it threw, crashed or ran out of time. Called once. */
  readonly onEnd: (result: Result | undefined) => void
}

const latencyMaxMs = 200
const answerTimeoutMaxMs = 30_000
const outageMaxMs = 60 * 60_000
const pauseMaxMs = 20 * 60_000
const zombieMaxMs = 60_000
const never = <Result>(): Promise<Result> => new Promise<Result>(() => undefined)

const deniedCodes: Readonly<Record<Service, FaultCode>> = {
  BRONZE: 'STORE_DENIED',
  STORE: 'STORE_DENIED',
  SILVER: 'STORE_DENIED',
  LEDGER: 'LEDGER_DENIED',
  QUEUE: 'QUEUE_DENIED',
  CLICKHOUSE: 'TARGET_MISCONFIGURED',
}

/** What becomes of the call; also the fault, where that is not the usual one. */
const drawCall = (
  { scheduler, random, troubles, outages }: Surroundings,
  service: Service,
): { readonly fate: Fate; readonly code?: FaultCode } => {
  if (random.chance(troubles().outage)) {
    const until = scheduler.now() + random.below(outageMaxMs)
    const how = random.pick<Pick<Outage, 'fate' | 'code'>>([
      { fate: 'throttled' },
      { fate: 'request-lost' },
      { fate: 'throttled', code: deniedCodes[service] },
    ])
    // One that is down for days stays so.
    if ((outages.get(service)?.until ?? 0) < until) outages.set(service, { until, ...how })
    scheduler.note(`${service} goes down: ${how.code ?? how.fate}`)
  }
  const fate = drawFate(random, troubles())
  const outage = outages.get(service)
  return outage && scheduler.now() < outage.until ? outage : { fate }
}

const batchIds = /[0-9A-HJKMNP-TV-Z]{26}/g

/** Asks `force`, with labels counted over the world. */
export const createForce = (
  force: Force | undefined,
): ((n: number, name: string, label: string) => Fate | undefined) => {
  if (!force) return () => undefined
  const counts = new Map<string, number>()
  return (n, name, text) => {
    const label = `${name.replace(/\d+$/, '')} ${text}`.replace(batchIds, '*')
    const nth = counts.get(label) ?? 0
    counts.set(label, nth + 1)
    return force({ n, label, nth })
  }
}

/** Starts the invocation; it runs on the scheduler and reports to `onEnd`. */
export const invoke = <Result>(
  around: Surroundings,
  options: InvocationOptions<Result>,
): Invocation => {
  const { scheduler, random, tally } = around
  const { name, timeoutMs, graceMs } = options
  const controller = new AbortController()
  const skewMs = random.below(around.troubles().clockSkewMs * 2) - around.troubles().clockSkewMs / 2
  const waiting = new Set<(error: Fault) => void>()
  let state: 'running' | 'ended' | 'dead' = 'running'
  let frozenUntil = 0
  let sleeping = 0
  let open = 0

  const now = (): number => Math.floor(scheduler.now() + skewMs)
  const end = (result: Result | undefined, outcome: string): void => {
    if (state !== 'running') return
    state = outcome === 'crash' ? 'dead' : 'ended'
    scheduler.note(`${name} ends: ${outcome}`)
    options.onEnd(result)
  }
  const crash = (reason: string): void => {
    if (state !== 'running') return
    tally.crashes += 1
    scheduler.note(`${name} dies: ${reason}`)
    end(undefined, 'crash')
  }
  /** Resumes the process, later when it is frozen, never when it is dead. */
  const resume = (go: () => void): void => {
    if (state === 'dead') return
    const waitMs = frozenUntil - scheduler.now()
    if (waitMs > 0) scheduler.after(waitMs, () => resume(go))
    else go()
  }

  const call = <Answer>(request: Request<Answer>): Promise<Answer> => {
    if (state === 'dead') return never()
    if (request.signal?.aborted)
      return Promise.reject(new Fault('DEADLINE_REACHED', `${name} was told to stop`))
    if (state === 'ended') around.violate(`work goes on after the return: ${name} ${request.label}`)
    // Drawn also where it is forced, so that all other draws stay as they were.
    const drawn = drawCall(around, request.service)
    const fate = around.force(tally.awaits, name, request.label) ?? drawn.fate
    tally.awaits += 1
    scheduler.note(`${name} ${request.label}: ${fate}`)
    if (fate === 'crash-before') {
      crash(`before ${request.label}`)
      return never()
    }
    if (fate === 'pause') frozenUntil = scheduler.now() + random.below(pauseMaxMs)
    return new Promise<Answer>((resolve, reject) => {
      let isSettled = false
      const settle = (go: () => void): void =>
        resume(() => {
          if (isSettled) return
          isSettled = true
          open -= 1
          waiting.delete(giveUp)
          go()
        })
      const giveUp = (error: Fault): void => settle(() => reject(error))
      open += 1
      if (request.signal) waiting.add(giveUp)
      const fail = (code: FaultCode): void =>
        settle(() => reject(new Fault(code, `simulated: ${fate}`)))
      const apply = (answer: boolean): void => {
        request.apply().then(
          (result) =>
            answer &&
            scheduler.after(random.below(latencyMaxMs), () => settle(() => resolve(result))),
          (error: unknown) =>
            answer &&
            scheduler.after(random.below(latencyMaxMs), () => settle(() => reject(error))),
        )
      }
      const latencyMs = random.below(latencyMaxMs)
      const timeoutMs = latencyMs + random.below(answerTimeoutMaxMs)
      switch (fate) {
        case 'ok':
        case 'pause':
          return scheduler.after(latencyMs, () => apply(true))
        case 'throttled':
          return scheduler.after(latencyMs, () => fail(drawn.code ?? request.throttledCode))
        case 'request-lost':
          tally.unknownOutcomes += 1
          return scheduler.after(timeoutMs, () => fail(request.unknownCode))
        case 'response-lost': {
          tally.unknownOutcomes += 1
          scheduler.after(latencyMs, () => apply(false))
          const { afterRetry } = request
          const retried = afterRetry !== undefined && random.chance(0.5)
          return scheduler.after(timeoutMs, () =>
            retried ? settle(() => resolve(afterRetry)) : fail(request.unknownCode),
          )
        }
        case 'late-apply':
          tally.unknownOutcomes += 1
          scheduler.after(timeoutMs, () => fail(request.unknownCode))
          return scheduler.after(timeoutMs + random.below(request.lateMaxMs), () => apply(false))
        case 'crash-after':
          scheduler.after(random.chance(0.5) ? latencyMs : random.below(request.lateMaxMs), () =>
            apply(false),
          )
          return crash(`after ${request.label}`)
      }
    })
  }

  const invocation: Invocation = {
    name,
    signal: controller.signal,
    deadline: now() + timeoutMs - graceMs,
    now,
    sleep: (ms) => {
      if (state === 'dead') return never()
      sleeping += 1
      return new Promise((resolve) =>
        scheduler.after(ms, () =>
          resume(() => {
            sleeping -= 1
            resolve()
          }),
        ),
      )
    },
    call,
    crash,
    get isDead() {
      return state === 'dead'
    },
    get wasFrozen() {
      return frozenUntil > 0
    },
  }

  const giveUp = (): void => {
    if (state !== 'running') return
    scheduler.note(`${name} is told to stop`)
    controller.abort()
    for (const reject of [...waiting])
      reject(new Fault('DEADLINE_REACHED', `${name} was told to stop`))
  }
  /** A frozen process outlives its time: it wakes as a zombie, and is killed a little later. */
  const kill = (): void => {
    if (state !== 'running') return
    const frozenMs = frozenUntil - scheduler.now()
    if (frozenMs > 0) scheduler.after(frozenMs + random.below(zombieMaxMs), kill)
    else crash('out of time')
  }
  /** Work not awaited would go on in the next invocation's time. */
  const refuseLeftovers = (how: string): void => {
    if (open + sleeping > 0)
      around.violate(`${name} ${how} with ${open} calls and ${sleeping} sleeps open`)
  }
  tally.invocations += 1
  scheduler.note(`${name} starts`)
  scheduler.after(timeoutMs - graceMs, () => resume(giveUp))
  scheduler.after(timeoutMs, kill)
  scheduler.after(0, () => {
    options.run(invocation).then(
      (result) => {
        refuseLeftovers('returned')
        end(result, 'returned')
      },
      (error: unknown) => {
        refuseLeftovers('threw')
        if (!(error instanceof Fault)) around.violate(`${name} threw ${String(error)}`)
        end(undefined, `threw ${String(error)}`)
      },
    )
  })
  return invocation
}
