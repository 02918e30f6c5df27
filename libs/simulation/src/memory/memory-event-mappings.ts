import {
  type DeliveryEnd,
  type EventMapping,
  type EventMappings,
  type EventMappingState,
  Fault,
} from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'

export interface MemoryEventMappingsOptions {
  readonly now: () => number
  /** What a function does with messages that are handed to it; ends at once when absent. */
  readonly onDelivery?: (mapping: EventMapping, bodies: readonly string[]) => Promise<DeliveryEnd>
}

export interface MemoryEventMappings extends EventMappings {
  /** A mapping that is enabled. */
  add(id: string, queueArn: string, functionName: string): void
  /** What is asked for is done so many listings later; at once when it was never said. */
  delay(listings: number): void
}

/** Mappings that remember what they were told. */
export const createMemoryEventMappings = ({
  now,
  onDelivery = () => Promise.resolve('ended'),
}: MemoryEventMappingsOptions): MemoryEventMappings => {
  const all = new Map<string, EventMapping>()
  const asked = new Map<string, { readonly state: EventMappingState; listings: number }>()
  let listingsMin = 0
  const settle = (): void => {
    for (const [id, change] of asked) {
      const mapping = all.get(id)
      change.listings -= 1
      if (!mapping || change.listings > 0) continue
      all.set(id, { ...mapping, state: change.state, changedAt: now() })
      asked.delete(id)
    }
  }
  return {
    add: (id, queueArn, functionName) => {
      all.set(id, { id, queueArn, functionName, state: 'enabled', changedAt: now() })
    },
    delay: (listings) => {
      listingsMin = listings
    },
    list: async (queueArn, signal) => {
      refuseAborted(signal)
      settle()
      return [...all.values()].filter((mapping) => mapping.queueArn === queueArn)
    },
    listOf: async (functionName, signal) => {
      refuseAborted(signal)
      settle()
      return [...all.values()].filter((mapping) => mapping.functionName === functionName)
    },
    turn: async (id, isOn, signal) => {
      refuseAborted(signal)
      const mapping = all.get(id)
      if (!mapping) throw new Fault('QUEUE_DENIED', `there is no event source mapping ${id}`)
      if (asked.has(id)) return
      const state = isOn ? 'enabled' : 'disabled'
      if (mapping.state === state) return
      all.set(id, { ...mapping, state: 'changing', changedAt: now() })
      asked.set(id, { state, listings: listingsMin })
      if (listingsMin === 0) settle()
    },
    deliver: async (mapping, bodies, signal) => {
      refuseAborted(signal)
      if (!all.has(mapping.id))
        throw new Fault('QUEUE_DENIED', `there is no function ${mapping.functionName}`)
      return onDelivery(mapping, bodies)
    },
  }
}
