import type { Clock, EventMapping, EventMappings, QueueDepth, QueueMeter } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'

export interface IntakeDeps {
  readonly clock: Clock
  readonly mappings: EventMappings
  /** Of every queue that is known to feed a function; the one called `objects` takes messages of batches. */
  readonly queues: readonly QueueMeter[]
}

export interface IntakeMapping extends EventMapping {
  /** Of a queue that the settings do not name its ARN. */
  readonly queue: string
  /** Its queue is measured. */
  readonly isKnown: boolean
}

/** What feeds the functions. */
export interface IntakeView {
  readonly mappings: readonly IntakeMapping[]
  readonly depths: readonly (QueueDepth & { readonly queue: string })[]
}

/** Of the queues, and of whatever else feeds the same functions. */
export const viewIntake = async (
  { clock, mappings, queues }: IntakeDeps,
  call: Call,
): Promise<IntakeView> => {
  const depths: IntakeView['depths'][number][] = []
  const found = new Map<string, IntakeMapping>()
  for (const queue of queues) {
    const depth = await persist(clock, call, () => queue.measure(call.signal))
    depths.push({ ...depth, queue: queue.name })
    for (const one of await persist(clock, call, () => mappings.list(depth.queueArn, call.signal)))
      found.set(one.id, { ...one, queue: queue.name, isKnown: true })
  }
  const functions = new Set([...found.values()].map(({ functionName }) => functionName))
  for (const name of functions)
    for (const one of await persist(clock, call, () => mappings.listOf(name, call.signal)))
      if (!found.has(one.id)) found.set(one.id, { ...one, queue: one.queueArn, isKnown: false })
  return { mappings: [...found.values()], depths }
}

/** Nothing takes messages of batches: that is no pipeline, or its settings are others. */
export const isUnfed = ({ mappings }: IntakeView): boolean =>
  !mappings.some(({ queue }) => queue === 'objects')
