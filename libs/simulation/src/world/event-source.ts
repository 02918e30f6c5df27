import type { Surroundings } from './invocation.ts'
import type { Delivery, Sqs } from './sqs.ts'

export interface EventSource {
  readonly queue: Sqs
  /** Takes what is there after a wait that is always the same, so that what came together goes together. */
  readonly isSteady: boolean
  /** The function puts off the messages it leaves. */
  readonly putsOff?: boolean
  /** Batches at work at a time. */
  readonly concurrency: number
  /** Messages to delete, of those delivered and those the handler left. */
  readonly finish: (delivered: readonly string[], left: readonly string[]) => readonly string[]
  /** Sees what is about to be deleted. */
  readonly onFinish: (deliveries: readonly Delivery[]) => void
  /** `left` is undefined when the invocation came to nothing. */
  readonly invokeWith: (
    batch: readonly Delivery[],
    onEnd: (left: readonly string[] | undefined) => void,
  ) => void
}

const batchMax = 10
const pollMinMs = 300
const pollSpreadMs = 5_000

/**
 * An event source mapping: polls a queue for ever and deletes what each invocation finished. An empty queue is not asked: the
 * next poll follows the message that becomes visible next.
 */
export const startEventSource = (
  { scheduler, random }: Surroundings,
  { queue, isSteady, putsOff, concurrency, finish, onFinish, invokeWith }: EventSource,
): void => {
  let busy = 0
  let polls = 0
  let nextPollAt = Infinity
  const plan = (): void => {
    const visibleAt = queue.nextVisibleAt()
    if (visibleAt === undefined || busy >= concurrency) return
    const waitMs = isSteady ? pollSpreadMs : random.below(pollSpreadMs)
    const at = Math.max(scheduler.now(), visibleAt) + pollMinMs + waitMs
    if (at >= nextPollAt) return
    nextPollAt = at
    const own = (polls += 1)
    scheduler.after(at - scheduler.now(), () => {
      if (own === polls) poll()
    })
  }
  const end = (batch: readonly Delivery[], left: readonly string[]): void => {
    const ids = batch.map(({ messageId }) => messageId)
    const finished = new Set(finish(ids, left))
    onFinish(batch.filter(({ messageId }) => finished.has(messageId)))
    queue.finish([...finished])
    if (putsOff) queue.putOff(left)
  }
  const poll = (): void => {
    nextPollAt = Infinity
    const batch = queue.receive(isSteady ? batchMax : 1 + random.below(batchMax))
    if (batch.length > 0) {
      busy += 1
      invokeWith(batch, (left) => {
        busy -= 1
        if (left) end(batch, left)
        plan()
      })
    }
    plan()
  }
  queue.onSend(plan)
}
