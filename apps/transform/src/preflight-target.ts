import { isFault, type Target } from '@silversmith/core'

/** How long a preflight that a person must mend is believed; after a mend the function goes on by itself. */
const believedMs = 60_000

/**
 * A target that is looked over before its first use in this process. A failing preflight fails this target's chunks only:
 * batches are sealed, the other targets are applied, and the sweep brings the chunks again.
 *
 * @param preflight Throws the Fault that `has` and `put` then throw.
 */
export const withPreflight = (
  target: Target,
  preflight: (signal: AbortSignal) => Promise<void>,
  now: () => number,
): Target => {
  let passed = false
  let running: Promise<void> | undefined
  let failure: { readonly error: unknown; readonly until: number } | undefined

  const run = async (signal: AbortSignal): Promise<void> => {
    try {
      await preflight(signal)
      passed = true
    } catch (error) {
      if (isFault(error) && error.meaning === 'fix') failure = { error, until: now() + believedMs }
      throw error
    } finally {
      running = undefined
    }
  }
  const check = async (signal: AbortSignal): Promise<void> => {
    if (passed) return
    if (failure && now() < failure.until) throw failure.error
    await (running ??= run(signal))
  }
  return {
    name: target.name,
    has: async (batch, chunk, signal) => {
      await check(signal)
      return target.has(batch, chunk, signal)
    },
    put: async (batch, chunk, signal) => {
      await check(signal)
      return target.put(batch, chunk, signal)
    },
  }
}
