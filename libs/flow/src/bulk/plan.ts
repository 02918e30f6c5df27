import {
  addCounts,
  Fault,
  isFault,
  type JobCounts,
  type JobRequest,
  noCounts,
} from '@silversmith/core'
import { dayOf } from '../manifest.ts'
import type { Call } from '../patience.ts'
import type { Slice, SliceObject } from './slice.ts'
import { isSent, walkSlice, type WalkDeps } from './walk.ts'

/** What a job would find of one dataset on one day. */
export interface PlanCell {
  /** `YYYY-MM-DD`, of the dates of the objects; `other` where there are more days than are told one by one. */
  readonly day: string
  /** Undefined: no route accepts these keys. */
  readonly dataset: string | undefined
  readonly objects: number
  readonly bytes: number
  /** Of these it would send. */
  readonly sent: number
  readonly sentBytes: number
}

export interface Plan {
  /** `sent`: what would be. */
  readonly counts: JobCounts
  /** By day and dataset. */
  readonly cells: readonly PlanCell[]
  /** The first keys inside the window. */
  readonly sample: readonly string[]
  /** Where the next call goes on, opaque; absent: all was looked at. */
  readonly next?: string
}

const sampleMax = 10
const cellsMax = 10_000

export const noPlan: Plan = { counts: noCounts, cells: [], sample: [] }

/** Of calls one after the other. */
export const addPlans = (a: Plan, b: Plan): Plan => {
  const cells = new Map(a.cells.map((cell) => [nameOf(cell), cell]))
  for (const cell of b.cells) addCell(cells, cell)
  return {
    counts: addCounts(a.counts, b.counts),
    cells: [...cells.values()].toSorted(byName),
    sample: [...a.sample, ...b.sample].slice(0, sampleMax),
    ...(b.next !== undefined && { next: b.next }),
  }
}

/**
 * Walks as a run would, and sends and writes nothing. What is found is what a run begun now would find; what it would send is
 * what it sends. `onObjects` is told of each stretch that is inside the window.
 *
 * @throws Fault EVENT_UNKNOWN for a `from` of somebody else, DEADLINE_REACHED when the call ended before anything was looked at, and what listing, ledger and store throw after five tries.
 */
export const planJob = async (
  deps: WalkDeps,
  request: JobRequest,
  from: string | undefined,
  call: Call,
  onObjects: (objects: readonly SliceObject[]) => Promise<void> = () => Promise.resolve(),
): Promise<Plan> => {
  let place: Place | undefined = from === undefined ? { part: 0 } : readPlace(from, request)
  let plan = noPlan
  while (place) {
    if (call.signal.aborted || deps.clock.now() > call.deadline)
      return { ...plan, next: JSON.stringify(place) }
    const prefix = request.prefixes[place.part] ?? ''
    const slice = await tryWalk(deps, request, { ...place, prefix }, call)
    if (!slice && plan === noPlan)
      throw new Fault('DEADLINE_REACHED', 'the call is too short for one stretch of a listing')
    if (!slice) return { ...plan, next: JSON.stringify(place) }
    const { objects, counts, next } = slice
    const sent = objects.filter((one) => isSent(one, request.force)).length
    plan = addPlans(plan, {
      ...{ counts: { ...counts, sent }, cells: cellsOf(objects, request.force) },
      sample: objects.slice(0, sampleMax).map(({ object }) => object.key),
    })
    await onObjects(objects)
    place = next === undefined ? nextPart(place, request) : { part: place.part, from: next }
  }
  return plan
}

/** Undefined: the call ended in the middle of it. */
const tryWalk = async (...args: Parameters<typeof walkSlice>): Promise<Slice | undefined> => {
  try {
    return await walkSlice(...args)
  } catch (error) {
    if (isFault(error, 'DEADLINE_REACHED')) return undefined
    throw error
  }
}

interface Place {
  readonly part: number
  readonly from?: string
}

const nextPart = ({ part }: Place, { prefixes }: JobRequest): Place | undefined =>
  part + 1 < prefixes.length ? { part: part + 1 } : undefined

const readPlace = (text: string, { prefixes }: JobRequest): Place => {
  const { part, from } = parse(text)
  if (
    typeof part === 'number' &&
    prefixes[part] !== undefined &&
    (from === undefined || typeof from === 'string')
  )
    return { part, ...(from !== undefined && { from }) }
  throw new Fault('EVENT_UNKNOWN', 'that is no place a plan returned; leave it out to begin anew')
}

const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const nameOf = ({ day, dataset = '' }: Pick<PlanCell, 'day' | 'dataset'>): string =>
  `${day} ${dataset}`

const byName = (a: PlanCell, b: PlanCell): number => (nameOf(a) < nameOf(b) ? -1 : 1)

const addCell = (cells: Map<string, PlanCell>, cell: PlanCell): void => {
  const isKnown = cells.has(nameOf(cell)) || cells.size < cellsMax
  const own = isKnown ? cell : { ...cell, day: 'other' }
  const before = cells.get(nameOf(own))
  cells.set(nameOf(own), {
    ...own,
    objects: own.objects + (before?.objects ?? 0),
    bytes: own.bytes + (before?.bytes ?? 0),
    sent: own.sent + (before?.sent ?? 0),
    sentBytes: own.sentBytes + (before?.sentBytes ?? 0),
  })
}

const cellsOf = (objects: readonly SliceObject[], force: boolean): readonly PlanCell[] => {
  const cells = new Map<string, PlanCell>()
  for (const one of objects) {
    const { date, dataset, sizeBytes: bytes } = one
    const sent = isSent(one, force) ? 1 : 0
    addCell(cells, { day: dayOf(date), dataset, objects: 1, bytes, sent, sentBytes: sent * bytes })
  }
  return [...cells.values()]
}
