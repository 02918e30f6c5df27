import { Fault, type QueueFacts, receivesFixOf, receivesProblemOf } from '@silversmith/core'

/** Facts of the queue of an ARN; throws where it may not be looked at. */
export type QueueLook = (queueArn: string, signal: AbortSignal) => Promise<QueueFacts>

export interface QueueGuardOptions {
  readonly look: QueueLook
  /** Epoch ms. */
  readonly now: () => number
  /** A signal that aborts after so many ms. */
  readonly limit: (ms: number) => AbortSignal
}

/** Refuses messages of these queues, by their ARNs, before anything is done with them. */
export type QueueGuard = (queueArns: readonly string[], signal: AbortSignal) => Promise<void>

/** Somebody may alter a queue; one that is refused is looked at again each time. */
const lookEveryMs = 600_000
/** Without a way to SQS (its mapping needs none) every look ends so, and messages wait for it. */
const lookMsMax = 3_000
/** An invocation has a few queues at most. */
const queuesMax = 16

/**
 * A queue that gives messages up too early is no queue to work from. One that cannot be looked at is taken as it is.
 *
 * @throws Fault QUEUE_MISCONFIGURED with the command that mends it.
 */
export const createQueueGuard = ({ look, now, limit }: QueueGuardOptions): QueueGuard => {
  const passed = new Map<string, number>()
  return async (queueArns, signal) => {
    const due = [...new Set(queueArns)]
      .slice(0, queuesMax)
      .filter((arn) => now() - (passed.get(arn) ?? -Infinity) > lookEveryMs)
    if (due.length === 0) return
    const limited = AbortSignal.any([signal, limit(lookMsMax)])
    await Promise.all(
      due.map(async (arn) => {
        const facts = await look(arn, limited).catch(() => undefined)
        const problem = facts && receivesProblemOf(facts)
        if (facts && problem !== undefined)
          throw new Fault('QUEUE_MISCONFIGURED', `${problem}. Run ${receivesFixOf(facts)}`)
        if (passed.size >= queuesMax) passed.clear()
        passed.set(arn, now())
      }),
    )
  }
}
