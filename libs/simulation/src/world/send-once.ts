import { Fault } from '@silversmith/core'
import type { Invocation } from './invocation.ts'

/** The idempotency table behind ingest and jobs: what Powertools keeps there, with its unconditional complete and delete. */
export interface IdempotencyModel {
  bind(invocation: Invocation): (key: object, send: () => Promise<void>) => Promise<void>
}

interface Entry {
  readonly state: 'in-progress' | 'completed'
  /** Epoch ms by the writer's clock. */
  readonly expiresAt: number
}

const completedMs = 3_600_000
const codes = { throttledCode: 'LEDGER_UNAVAILABLE', unknownCode: 'LEDGER_UNAVAILABLE' } as const

export const createIdempotencyModel = (): IdempotencyModel => {
  const entries = new Map<string, Entry>()
  return {
    bind: (invocation) => async (key, send) => {
      const name = JSON.stringify(key)
      const call = (label: string, apply: () => void): Promise<void> =>
        invocation.call({
          ...codes,
          service: 'LEDGER',
          label: `idempotency.${label}`,
          lateMaxMs: 60_000,
          apply: async () => apply(),
        })
      let found: Entry | undefined
      await call('begin', () => {
        const entry = entries.get(name)
        if (entry && entry.expiresAt > invocation.now()) found = entry
        else entries.set(name, { state: 'in-progress', expiresAt: invocation.deadline })
      })
      if (found?.state === 'completed') return
      if (found) throw new Fault('QUEUE_UNAVAILABLE', 'another invocation is at this object')
      try {
        await send()
      } catch (error) {
        await call('delete', () => void entries.delete(name))
        throw error
      }
      const expiresAt = invocation.now() + completedMs
      await call('complete', () => void entries.set(name, { state: 'completed', expiresAt }))
    },
  }
}
