import {
  type Bronze,
  type Clock,
  type Event,
  Fault,
  type Ledger,
  type Log,
  type Store,
  type Target,
  tokenOf,
} from '@silversmith/core'
import type { Scheduler } from '../world/scheduler.ts'
import type { Landing } from './landing.ts'
import type { createLightLedger } from './light-ledger.ts'
import type { createLightStore } from './light-store.ts'
import { openNote } from './note-object.ts'
import type { OutagePlan, TargetName } from './outage-plan.ts'

/** Of one call. A connection that does not stand is given up after five seconds. */
const latencyMs = { bronze: 30, store: 30, ledger: 5, clickhouse: 100, refused: 5_000 }

export interface Ground {
  readonly scheduler: Scheduler
  readonly plan: OutagePlan
  readonly landing: Landing
  readonly files: ReturnType<typeof createLightStore>
  readonly items: ReturnType<typeof createLightLedger>
}

/** Every effect takes its time. */
export const createDelay =
  ({ after }: Pick<Scheduler, 'after'>) =>
  <Result>(ms: number, work: () => Promise<Result> | Result): Promise<Result> =>
    new Promise((resolve, reject) =>
      after(ms, () => void Promise.resolve().then(work).then(resolve, reject)),
    )

/** What the run counts beside rows. */
export const createTally = ({ scheduler, plan }: Pick<Ground, 'scheduler' | 'plan'>) => {
  let isOpen = false
  const tally = { batches: 0, probes: 0, callsWhileOpen: 0 }
  const isDown = (name: TargetName): boolean => plan.isDown(name, scheduler.now())
  const log: Log = {
    emit: (event: Event): void => {
      if (event.kind === 'batch-sealed') tally.batches += 1
      if (event.kind === 'breaker-probed' && isDown(plan.target)) tally.probes += 1
      if (event.kind === 'breaker-opened' && event.target === plan.target) isOpen = true
      if (event.kind === 'breaker-closed' && event.target === plan.target) isOpen = false
    },
  }
  /** Throws what a target that is down says; counts who asks it all the same. */
  const guard = (name: TargetName, delay: ReturnType<typeof createDelay>) => {
    if (!isDown(name)) return undefined
    if (isOpen) tally.callsWhileOpen += 1
    const code = name === 'silver' ? 'STORE_UNAVAILABLE' : 'TARGET_UNAVAILABLE'
    return delay(latencyMs.refused, (): never => {
      throw new Fault(code, 'simulated: no connection within 5000 ms')
    })
  }
  return { tally, log, guard }
}

/** The ports of all functions, on the light ones, in virtual time. */
export const createSlowPorts = (ground: Ground) => {
  const { scheduler, files, items } = ground
  const delay = createDelay(scheduler)
  const { tally, log, guard } = createTally(ground)
  const clock: Clock = {
    now: () => Math.floor(scheduler.now()),
    sleep: (ms) => delay(ms, () => undefined),
  }
  const ledger: Ledger = {
    read: (...own) => delay(latencyMs.ledger, () => items.read(...own)),
    write: (...own) => delay(latencyMs.ledger, () => items.write(...own)),
    listOpen: (...own) => delay(latencyMs.ledger, () => items.listOpen(...own)),
  }
  const store: Store = {
    ...files,
    write: (key, ...more) =>
      (key.startsWith('_probe/') ? guard('silver', delay) : undefined) ??
      delay(latencyMs.store, () => files.write(key, ...more)),
    copy: (...own) => guard('silver', delay) ?? delay(latencyMs.store, () => files.copy(...own)),
    read: (...own) => delay(latencyMs.store, () => files.read(...own)),
    look: (...own) => delay(latencyMs.store, () => files.look(...own)),
    remove: (keys, signal) =>
      delay(latencyMs.store, () => {
        keys.forEach(ground.landing.forget)
        return files.remove(keys, signal)
      }),
  }
  const bronze: Bronze = {
    open: (object) => delay(latencyMs.bronze, () => openNote(object)),
    head: () => Promise.reject(new RangeError('every event says its etag')),
    list: () => Promise.reject(new RangeError('nothing is listed in an outage')),
  }
  const ask = <Result>(work: () => Promise<Result> | Result): Promise<Result> =>
    guard('clickhouse', delay) ?? delay(latencyMs.clickhouse, work)
  return { clock, ledger, store, bronze, log, tally, delay, clickhouse: createServer(ground, ask) }
}

/** Takes each token once, as ClickHouse does. */
const createServer = (
  { files, landing }: Ground,
  ask: <Result>(work: () => Promise<Result> | Result) => Promise<Result>,
): Target => {
  const tokens = new Set<string>()
  return {
    name: 'clickhouse',
    has: (batch, { n }) => ask(() => tokens.has(tokenOf(batch, n))),
    check: () => ask(() => undefined),
    put: (batch, { n, block }, signal) =>
      ask(async () => {
        const token = tokenOf(batch, n)
        if (!block || tokens.has(token)) return
        tokens.add(token)
        landing.land('clickhouse', block.key, await files.read(block.key, undefined, signal))
      }),
  }
}
