import type { Clock, DeadLetter, DeadLetterQueue } from '@silversmith/core'
import { describeFailure } from '../failure.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import type { Diagnosis } from './diagnosis.ts'
import { type Fate, goRound } from './letter-round.ts'

/** A letter that could not be handed on, or not be removed; it stays where it is. */
export interface RedriveProblem {
  readonly queue: string
  readonly messageId: string
  /** True: it lies in both queues now, which loads nothing twice. */
  readonly sent: boolean
  readonly problem: string
}

export interface LeftLetter {
  readonly queue: string
  readonly messageId: string
  readonly reason: string
  readonly advice: string
}

export interface RedriveResult {
  /** Ids of the letters that went back to their queue, or would go in a dry run. */
  readonly redriven: readonly string[]
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
  /** Why letters are there, where all are asked for: those a redrive is pointless for stay. Absent: none stays. */
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
  const redriven = new Set<string>()
  const problems: RedriveProblem[] = []
  const left: LeftLetter[] = []
  let whole = true

  const handOn = async (queue: DeadLetterQueue, letter: DeadLetter): Promise<Fate> => {
    const { messageId } = letter
    let sent = redriven.has(messageId)
    try {
      if (!sent) await persist(clock, call, () => queue.resend(letter, call.signal))
      sent = true
      await persist(clock, call, () => queue.remove(letter, call.signal))
      redriven.add(messageId)
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
      const diagnoses = wanted ? undefined : await diagnose?.(page, call)
      return mapConcurrently(page, concurrencyMax, async (letter, at) => {
        const { messageId } = letter
        const diagnosis = diagnoses?.[at]
        if (diagnosis?.pointless) {
          const { reason, advice } = diagnosis
          left.push({ queue: queue.name, messageId, reason, advice })
          return 'keep'
        }
        const isAsked = !wanted || wanted.delete(messageId) || redriven.has(messageId)
        if (isFound()) stop()
        if (!isAsked) return 'keep'
        if (!dryRun) return handOn(queue, letter)
        redriven.add(messageId)
        return 'keep'
      })
    }
    const isWhole = await goRound({ clock, queue, lettersMax: redriveMax }, visit, call)
    whole &&= isWhole || isFound()
  }
  return { redriven: [...redriven], problems, left, missing: [...(wanted ?? [])], whole }
}
