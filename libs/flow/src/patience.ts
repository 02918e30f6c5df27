import { type Clock, Fault, isFault } from '@silversmith/core'

/** How long one invocation may go on, and the sign to stop. */
export interface Call {
  /** Epoch ms by the Clock; no new work begins after it. */
  readonly deadline: number
  readonly signal: AbortSignal
}

const endingMs = 4_000

/**
 * For what must be recorded although the work was stopped: a few seconds more, under a signal that is not aborted yet. Doors
 * stop the work earlier than that before their process ends.
 */
export const endingOf = (call: Call): Call => ({
  deadline: call.deadline + endingMs,
  signal: new AbortController().signal,
})

const attemptsMax = 5
const firstWaitMs = 100

/**
 * Repeats a call whose fault passes by itself, at most five times with doubling waits, never past the deadline. Only for
 * calls that may safely be repeated; all of ours may.
 */
export const persist = async <Result>(
  clock: Clock,
  call: Call,
  work: () => Promise<Result>,
): Promise<Result> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const waitMs = firstWaitMs * 2 ** (attempt - 1)
      const mayPass =
        isFault(error) && error.meaning === 'retry' && error.code !== 'DEADLINE_REACHED'
      if (!mayPass || attempt >= attemptsMax || clock.now() + waitMs > call.deadline) throw error
      await clock.sleep(waitMs)
      if (call.signal.aborted)
        throw new Fault('DEADLINE_REACHED', 'stopped: the invocation is over')
    }
  }
}

/**
 * Runs `work` on all items, at most `concurrency` at a time. Waits for every one that was begun, also when one fails, so that
 * nothing goes on behind the caller's back; then throws the first failure.
 */
export const mapConcurrently = async <Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> => {
  const results = new Array<Result>(items.length)
  let next = 0
  let failure: { error: unknown } | undefined
  const worker = async (): Promise<void> => {
    while (next < items.length && !failure) {
      const index = next++
      try {
        results[index] = await work(items[index]!, index)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker))
  if (failure) throw failure.error
  return results
}
