import { AsyncLocalStorage } from 'node:async_hooks'
import { Fault, type FaultCode } from '@silversmith/core'

/** What becomes of a call: it works; it never arrives; it works and its answer is lost. */
export type Fate = 'ok' | 'request-lost' | 'answer-lost'

interface Held {
  readonly pass: (fate: Fate) => void
}

export interface Worker {
  /** Calls that wait to be let through. */
  readonly held: Held[]
  isDead: boolean
  isDone: boolean
}

/**
 * Workers in one process whose every port call waits until the test lets it through, so that the test chooses how they interleave.
 * A dead worker's calls wait for ever, as those of a process that is gone.
 */
export const createGate = () => {
  const current = new AsyncLocalStorage<Worker>()
  const workers: Worker[] = []

  const start = (work: () => Promise<unknown>): Worker => {
    const worker: Worker = { held: [], isDead: false, isDone: false }
    workers.push(worker)
    const end = (): void => void (worker.isDone = true)
    // What a flow throws goes back to the queue in production: the messages come again.
    current.run(worker, () => void work().then(end, end))
    return worker
  }

  /** Outside of any worker calls go through at once. */
  const through = async <Result>(code: FaultCode, call: () => Promise<Result>): Promise<Result> => {
    const worker = current.getStore()
    if (!worker) return call()
    const fate = await new Promise<Fate>((pass) => worker.held.push({ pass }))
    if (fate === 'request-lost') throw new Fault(code, 'lost on its way')
    const result = await call()
    if (fate === 'answer-lost') throw new Fault(code, 'done, but nobody knows')
    return result
  }

  /** Lets one call of a worker through and everything run that follows of itself. */
  const step = async (worker: Worker, fate: Fate): Promise<void> => {
    if (!worker.isDead) worker.held.shift()?.pass(fate)
    await new Promise((resolve) => setImmediate(resolve))
  }

  const alive = (): readonly Worker[] => workers.filter(({ isDead, isDone }) => !isDead && !isDone)

  return { start, through, step, alive }
}
