import {
  type Breaker,
  breakerIdOf,
  type BreakerLimits,
  type Clock,
  defaultBreakerLimits,
  Fault,
  type Ids,
  isFault,
  type Ledger,
  type Log,
} from '@silversmith/core'
import { describeFailure } from '../failure.ts'
import { changeItem } from '../ledger-write.ts'
import { type Call, endingOf, persist } from '../patience.ts'
import {
  type Admission,
  admit,
  type Outcome,
  outcomeOfTable,
  outcomeOfTarget,
  settle,
} from './breaker.ts'

export interface BreakerDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: Log
  readonly ids: Ids
  /** `defaultBreakerLimits` when absent. */
  readonly breaker?: BreakerLimits
}

/** What is called: a target, or one table of it. */
export interface Place {
  readonly target: string
  readonly table?: string
}

/** The breakers one piece of work meets. */
export interface Breakers {
  /**
   * Runs `work`, which calls the place, when its breaker lets it, and tells the breaker what came of it.
   *
   * Throws TARGET_RESTING without running it; else what `work` throws.
   */
  readonly pass: <Result>(place: Place, work: () => Promise<Result>) => Promise<Result>
}

/** A probe counts as dead so long after the end of its invocation. */
const probeMarginMs = 60_000

/** Reads the breakers of these places, in one call to the ledger. */
export const openBreakers = async (
  deps: BreakerDeps,
  places: readonly Place[],
  call: Call,
): Promise<Breakers> => {
  const ids = places.map(({ target, table }) => breakerIdOf(deps.pipeline, target, table))
  const keys = ids.map((id) => ({ kind: 'breaker', id }) as const)
  const found =
    keys.length === 0
      ? []
      : await persist(deps.clock, call, () => deps.ledger.read(keys, call.signal))
  const seen = new Map(ids.map((id, at) => [id, found[at]?.item as Breaker | undefined]))
  const room: Room = { ...deps, seen, owner: deps.ids.next(), call }
  return {
    pass: async (place, work) => {
      await enter(room, place)
      try {
        const result = await work()
        await leave(room, place, 'success')
        return result
      } catch (error) {
        await leave(room, place, outcomeOf(place, error))
        throw error
      }
    },
  }
}

interface Room extends BreakerDeps {
  /** By id, as this call last saw them. */
  readonly seen: Map<string, Breaker | undefined>
  readonly owner: string
  readonly call: Call
}

const enter = async (room: Room, place: Place): Promise<void> => {
  const { clock, seen, owner, call, pipeline } = room
  const id = breakerIdOf(pipeline, place.target, place.table)
  let admission: Admission = admit(seen.get(id), clock.now())
  if (admission.kind === 'probe') {
    const until = call.deadline + probeMarginMs
    const after = await changeItem<Breaker>(
      room,
      { kind: 'breaker', id },
      (item) => {
        // Judged by what is there at the write: only one may begin.
        admission = admit(item, clock.now())
        return item && admission.kind === 'probe' ? { ...item, probe: { owner, until } } : undefined
      },
      call,
    )
    seen.set(id, after)
    if (after?.probe?.owner === owner) {
      room.log.emit({ kind: 'breaker-probed', ...place })
      return
    }
  }
  if (admission.kind === 'pass') return
  const waitUntil = admission.kind === 'wait' ? admission.until : clock.now()
  throw restingFault(place, seen.get(id)?.problem, Math.max(0, waitUntil - clock.now()))
}

const restingFault = ({ target, table }: Place, problem = '', restMs: number): Fault =>
  new Fault(
    'TARGET_RESTING',
    `${target}${table === undefined ? '' : `, table ${table},`} is not called for ${Math.ceil(restMs / 1000)} s more: ${problem}`,
    { retryAfterMs: restMs },
  )

/** What a target's breaker cannot be told is left: its state saves work, and a probe that is not heard of ends by itself. */
const leave = async (room: Room, place: Place, outcome: Outcome): Promise<void> => {
  const { clock, seen, owner, call, pipeline, breaker: limits = defaultBreakerLimits } = room
  const id = breakerIdOf(pipeline, place.target, place.table)
  const change = (item: Breaker | undefined): Breaker | undefined =>
    settle(item, { id, outcome, owner, now: clock.now(), limits })
  // Nearly always: it is closed, and nothing failed.
  if (!change(seen.get(id))) return
  let before: Breaker | undefined
  try {
    const after = await changeItem<Breaker>(
      room,
      { kind: 'breaker', id },
      (item) => {
        before = item
        return change(item)
      },
      endingOf(call),
    )
    seen.set(id, after)
    tell(room, place, before, after)
  } catch (error) {
    room.log.emit({ kind: 'work-failed', ...describeFailure(error) })
  }
}

const tell = (
  { log, clock }: Room,
  place: Place,
  before: Breaker | undefined,
  after: Breaker | undefined,
): void => {
  if (after?.openUntil !== undefined && after.openUntil !== before?.openUntil) {
    const { failures, openUntil: retryAt, problem = '' } = after
    log.emit({ kind: 'breaker-opened', ...place, failures, retryAt, problem })
  } else if (before?.openUntil !== undefined && after?.openUntil === undefined) {
    const openMs = clock.now() - (before.openedAt ?? before.openUntil)
    log.emit({ kind: 'breaker-closed', ...place, openMs })
  }
}

const problemLengthMax = 300

const outcomeOf = ({ table }: Place, error: unknown): Outcome => {
  const weight = table === undefined ? outcomeOfTarget(error) : outcomeOfTable(error)
  if (weight === 'success' || weight === 'unknown') return weight
  const { code, message } = describeFailure(error)
  const retryAfterMs = isFault(error) ? error.retryAfterMs : undefined
  return {
    failed: weight,
    problem: `${code}: ${message}`.slice(0, problemLengthMax),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}
