import { setTimeout as sleep } from 'node:timers/promises'
import { drain, Stalled } from '../drain.ts'
import type { Status } from '../drain.ts'
import { endLeases } from '../leases.ts'
import type { Stack } from '../stack.ts'
import { redrive } from './dead-letters.ts'

export interface SettlingOptions {
  readonly stack: Stack
  readonly onStatus: (status: Status) => void
  readonly signal: AbortSignal
}

export interface Settled {
  readonly redriven: number
  /** Undefined: all is done. */
  readonly unsettled: string | undefined
}

const redrivesMax = 20
/** Longer than any wait that is left when the leases of sealed batches are ended. */
const stallMs = 90_000
const impatienceMs = 3_000

/** Ends the waits of sealed batches, again and again: they are made for outages of hours. */
const hurry = async (stack: Stack, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await endLeases(stack.ledger, signal, ['S']).catch(() => undefined)
    await sleep(impatienceMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Waits until nothing is left to do, dead letters redriven, or nothing moves any more. */
export const settle = async ({ stack, onStatus, signal }: SettlingOptions): Promise<Settled> => {
  const settled = new AbortController()
  const hurrying = hurry(stack, AbortSignal.any([signal, settled.signal]))
  let redriven = 0
  try {
    for (let round = 0; ; round++) {
      const { dead } = await drain(stack, { onStatus, signal, stallMs })
      if (dead === 0) return { redriven, unsettled: undefined }
      if (round >= redrivesMax)
        return { redriven, unsettled: `${dead} messages are dead letters after ${round} redrives` }
      const { arrivals, objects } = stack.resources
      for (const queue of [arrivals, objects]) redriven += await redrive(stack.clients.sqs, queue)
    }
  } catch (error) {
    if (!(error instanceof Stalled)) throw error
    return { redriven, unsettled: error.message }
  } finally {
    settled.abort()
    await hurrying
  }
}
