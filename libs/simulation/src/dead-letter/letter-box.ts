import {
  type Clock,
  type DeadLetter,
  type DeadLetterQueue,
  firstIdentityAttribute,
  identifyMessage,
  type MessageRef,
  writeFirstIdentity,
} from '@silversmith/core'

export interface BoxMessage {
  readonly messageId: string
  readonly body: string
  /** Text of `firstIdentityAttribute`. */
  readonly firstIdentity?: string | undefined
  readonly sentAt: number
}

/** A queue and its dead-letter queue, as SQS has them, on the clock of a test. */
export interface LetterBox {
  readonly dead: DeadLetterQueue
  /** Messages of the queue itself, in the order sent. */
  readonly main: readonly BoxMessage[]
  /** Those in the dead-letter queue, in sight or not. */
  readonly letters: readonly BoxMessage[]
  send(body: string): void
  /** All messages die: they were received too often. They keep their ids. */
  die(): void
  /** As StartMessageMoveTask, or a person with receive and send: new ids, nothing told of the first. */
  moveByConsole(): void
  /** Takes the messages of the queue away from it. */
  take(): readonly BoxMessage[]
  /** The message that a receive means. */
  identify(message: BoxMessage): MessageRef
  /** What the next calls of that name throw. */
  fail(call: 'resend' | 'remove' | 'receive', error: Error, times: number): void
  /** The receives to come give each letter twice. */
  repeat(): void
}

const mainArn = 'arn:aws:sqs:us-east-1:1:objects'
const deadArn = 'arn:aws:sqs:us-east-1:1:objects-dlq'
const hiddenMs = 300_000
const receiveMax = 10

interface Stored extends BoxMessage {
  receives: number
  hiddenUntil: number
}

export const createLetterBox = (clock: Clock, name = 'objects'): LetterBox => {
  let main: BoxMessage[] = []
  let stored: Stored[] = []
  let count = 0
  let repeats = false
  const failures = new Map<string, { error: Error; times: number }>()
  const mayFail = (call: string): void => {
    const failure = failures.get(call)
    if (!failure || failure.times === 0) return
    failure.times -= 1
    throw failure.error
  }
  const put = (body: string, firstIdentity?: string): void =>
    void main.push({ messageId: `m${++count}`, body, firstIdentity, sentAt: clock.now() })
  const letterOf = ({ messageId, body, firstIdentity, receives, sentAt }: Stored): DeadLetter => ({
    ...{ queue: name, messageId, body, receiveCount: receives, sentAt, firstReceivedAt: sentAt },
    attributes:
      firstIdentity === undefined
        ? {}
        : { [firstIdentityAttribute]: { type: 'String', value: firstIdentity } },
    identity: identifyMessage({
      ...{ queueArn: deadArn, messageId, deadLetterQueueSourceArn: mainArn, firstIdentity },
    }),
    receipt: messageId,
  })
  return {
    dead: {
      name,
      count: async () => stored.length,
      receive: async () => {
        mayFail('receive')
        const seen = stored.filter(({ hiddenUntil }) => hiddenUntil <= clock.now())
        const page = seen.slice(0, repeats ? receiveMax / 2 : receiveMax)
        for (const one of page) {
          one.receives += 1
          one.hiddenUntil = clock.now() + hiddenMs
        }
        const letters = page.map(letterOf)
        return repeats ? [...letters, ...letters] : letters
      },
      release: async (letters) => {
        for (const { receipt } of letters)
          for (const one of stored) if (one.messageId === receipt) one.hiddenUntil = 0
      },
      resend: async ({ body, identity }) => {
        mayFail('resend')
        put(body, writeFirstIdentity(identity))
      },
      remove: async ({ receipt }) => {
        mayFail('remove')
        stored = stored.filter(({ messageId }) => messageId !== receipt)
      },
    },
    get main() {
      return main
    },
    get letters() {
      return stored
    },
    send: (body) => put(body),
    die: () => {
      stored.push(...main.map((one) => ({ ...one, receives: 50, hiddenUntil: 0 })))
      main = []
    },
    moveByConsole: () => {
      for (const { body } of stored) put(body)
      stored = []
    },
    take: () => main.splice(0),
    identify: ({ messageId, firstIdentity }) =>
      identifyMessage({ queueArn: mainArn, messageId, firstIdentity }),
    fail: (call, error, times) => void failures.set(call, { error, times }),
    repeat: () => void (repeats = true),
  }
}
