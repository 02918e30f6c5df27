import type { Clock, DeadLetter, DeadLetterQueue } from '@silversmith/core'
import { describeFailure } from '../failure.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { LetterReason } from './letter-reason.ts'
import { type Fate, goRound } from './letter-round.ts'

/** A letter that could not be handed on, or not be removed; it stays where it is. */
export interface RedriveProblem {
  readonly queue: string
  readonly messageId: string
  /** True: it lies in both queues now, which loads nothing twice. */
  readonly sent: boolean
  readonly problem: string
}

/** A letter that went back to its queue, or would go in a dry run. */
export interface RedrivenLetter {
  readonly queue: string
  readonly messageId: string
  /** Why it was there; undefined where nobody asked. */
  readonly reason: LetterReason | undefined
}

export interface LeftLetter {
  readonly queue: string
  readonly messageId: string
  readonly reason: LetterReason
  readonly advice: string
}

export interface RedriveResult {
  readonly redriven: readonly RedrivenLetter[]
  readonly problems: readonly RedriveProblem[]
  /** Not asked for by their ids, and left because a redrive would come to nothing. */
  readonly left: readonly LeftLetter[]
  /** Asked for, and not found. */
  readonly missing: readonly string[]
  /** False: there are more letters than one run looks at. */
  readonly whole: boolean
}

export interface RedriveRequest {
  /** Message ids in a dead-letter queue; undefined: all that it may help. */
  readonly ids: readonly string[] | undefined
  /** Why letters are there. Where all are asked for, those that a redrive cannot help stay. Absent: none stays. */
  readonly diagnose?: (letters: readonly DeadLetter[], call: Call) => Promise<readonly Diagnosis[]>
  readonly dryRun: boolean
}

/** Letters of one queue one run receives. */
export const redriveMax = 10_000
/** Letters handed on at a time: those of one receive. */
const concurrencyMax = 10

/**
 * Hands letters on to the queue they died in: first sends, with the first identity, and deletes only what is confirmed as sent.
 * Whoever dies in between leaves the letter in both places, and it is sent twice; claims and batch states make that harmless.
 */
export const redrive = async (
  clock: Clock,
  queues: readonly DeadLetterQueue[],
  { ids, dryRun, diagnose }: RedriveRequest,
  call: Call,
): Promise<RedriveResult> => {
  const wanted = ids && new Set(ids)
  const redriven = new Map<string, RedrivenLetter>()
  const problems: RedriveProblem[] = []
  const left: LeftLetter[] = []
  let whole = true

  const handOn = async (
    queue: DeadLetterQueue,
    letter: DeadLetter,
    reason: LetterReason | undefined,
  ): Promise<Fate> => {
    const { messageId } = letter
    let sent = redriven.has(messageId)
    try {
      if (!sent) await persist(clock, call, () => queue.resend(letter, call.signal))
      sent = true
      await persist(clock, call, () => queue.remove(letter, call.signal))
      redriven.set(messageId, { queue: queue.name, messageId, reason })
      return 'removed'
    } catch (error) {
      const { code, message } = describeFailure(error)
      problems.push({ queue: queue.name, messageId, sent, problem: `${code}: ${message}` })
      return 'keep'
    }
  }

  for (const queue of queues) {
    const isFound = (): boolean => wanted !== undefined && wanted.size === 0
    if (isFound()) break
    const visit = async (page: readonly DeadLetter[], stop: () => void): Promise<Fate[]> => {
      // What is asked for by its id goes whatever the reason, which is then only told beforehand.
      const asked = page.filter(({ messageId }) => !wanted || (dryRun && wanted.has(messageId)))
      const diagnoses = await diagnose?.(asked, call)
      const diagnosisOf = new Map(asked.map((letter, at) => [letter, diagnoses?.[at]]))
      return mapConcurrently(page, concurrencyMax, async (letter) => {
        const { messageId } = letter
        const diagnosis = diagnosisOf.get(letter)
        const reason = diagnosis?.reason
        if (!wanted && diagnosis?.pointless) {
          const { advice } = diagnosis
          left.push({ queue: queue.name, messageId, reason: diagnosis.reason, advice })
          return 'keep'
        }
        const isAsked = !wanted || wanted.delete(messageId) || redriven.has(messageId)
        if (isFound()) stop()
        if (!isAsked) return 'keep'
        if (!dryRun) return handOn(queue, letter, reason)
        redriven.set(messageId, { queue: queue.name, messageId, reason })
        return 'keep'
      })
    }
    const isWhole = await goRound({ clock, queue, lettersMax: redriveMax }, visit, call)
    whole &&= isWhole || isFound()
  }
  return { redriven: [...redriven.values()], problems, left, missing: [...(wanted ?? [])], whole }
}
