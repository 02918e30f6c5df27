import type { MessageRef } from './source.ts'

/** A message attribute as SQS has it. */
export interface MessageAttribute {
  readonly type: string
  readonly value: string | Uint8Array
}

/** A message that was received too often and now lies in a dead-letter queue. */
export interface DeadLetter {
  /** Name of the queue it died in. */
  readonly queue: string
  readonly messageId: string
  /** The same before and after a redrive of ours. */
  readonly identity: MessageRef
  readonly body: string
  readonly attributes: Readonly<Record<string, MessageAttribute>>
  /** Receives in all; looking at it in the dead-letter queue counts, too. */
  readonly receiveCount: number
  /** Epoch ms; SQS keeps it in the move to the dead-letter queue, and its retention counts from here. */
  readonly sentAt: number
  readonly firstReceivedAt: number | undefined
  /** By which this receive of it is put back or removed. */
  readonly receipt: string
}

/** A dead-letter queue and the queue its letters died in. Errors are Faults of the queue. */
export interface DeadLetterQueue {
  /** Of the queue whose letters these are. */
  readonly name: string
  /** About how many are there, those hidden now included. */
  count(signal: AbortSignal): Promise<number>
  /**
   * At most ten letters, which are then hidden from everybody for a few minutes, or until `release`. None: none is in sight.
   */
  receive(signal: AbortSignal): Promise<readonly DeadLetter[]>
  /** Puts them back in sight at once. */
  release(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void>
  /** Sends the same body and attributes, and the first identity with its time, to the queue it died in; resolves when SQS confirmed it. */
  resend(letter: DeadLetter, signal: AbortSignal): Promise<void>
  /** Deletes it here. */
  remove(letter: DeadLetter, signal: AbortSignal): Promise<void>
}
