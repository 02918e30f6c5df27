import type { Clock, DeadLetter, DeadLetterQueue } from '@silversmith/core'
import { type Call, endingOf, persist } from '../patience.ts'

/** Receives in a row that bring only what is known, before the round gives up. */
const repeatedMax = 3

export interface Round {
  readonly clock: Clock
  readonly queue: DeadLetterQueue
  /** Letters received at most. */
  readonly lettersMax: number
}

/** What becomes of a received letter: `keep` puts it back in sight at the end of the round, `removed`: it is no more. */
export type Fate = 'keep' | 'removed'

/**
 * Receives the letters of a queue, each handed once to `visit`, which says their fates in the same order and may `stop`. SQS may
 * give one twice: a letter that is kept is not visited again, one that was removed is. Whatever happens, what is kept comes
 * into sight again, at the latest when its hold ends by itself.
 *
 * Returns true when the end of the queue was seen.
 */
export const goRound = async (
  { clock, queue, lettersMax }: Round,
  visit: (letters: readonly DeadLetter[], stop: () => void) => Promise<readonly Fate[]>,
  call: Call,
): Promise<boolean> => {
  const kept = new Map<string, DeadLetter>()
  let received = 0
  let repeated = 0
  let isStopped = false
  const stop = (): void => void (isStopped = true)
  try {
    while (!isStopped && received < lettersMax && repeated < repeatedMax) {
      if (clock.now() > call.deadline) return false
      const page = await persist(clock, call, () => queue.receive(call.signal))
      if (page.length === 0) return true
      // The last receipt of a letter is the one that counts.
      const letters = new Map(page.map((letter) => [letter.messageId, letter]))
      const fresh = [...letters.values()].filter(({ messageId }) => !kept.has(messageId))
      for (const [messageId, letter] of letters) kept.set(messageId, letter)
      repeated = fresh.length === 0 ? repeated + 1 : 0
      received += fresh.length
      const fates = fresh.length === 0 ? [] : await visit(fresh, stop)
      fates.forEach((fate, at) => fate === 'removed' && kept.delete(fresh[at]!.messageId))
    }
    return false
  } finally {
    const ending = endingOf(call)
    await persist(clock, ending, () => queue.release([...kept.values()], ending.signal))
  }
}

/** Letters a look shows at most. */
export const lookMax = 1_000

/** All letters of a queue, in the order sent; nothing is changed but their receive counts. */
export const lookAt = async (
  round: Round,
  call: Call,
): Promise<{ readonly letters: readonly DeadLetter[]; readonly whole: boolean }> => {
  const letters: DeadLetter[] = []
  const whole = await goRound(
    round,
    (page) => {
      letters.push(...page)
      return Promise.resolve(page.map(() => 'keep'))
    },
    call,
  )
  return { letters: letters.toSorted((a, b) => a.sentAt - b.sentAt), whole }
}
