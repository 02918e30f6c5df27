import { identifyMessage, type MessageRef, writeFirstIdentity } from '@silversmith/core'
import { redeliveryMs } from '@silversmith/flow'
import type { Surroundings } from './invocation.ts'

export interface Delivery {
  readonly messageId: string
  /** The same after a redrive, which gives it another id. */
  readonly identity: MessageRef
  readonly body: string
}

/** An SQS standard queue with an event source mapping on it and a dead letter queue behind it. */
export interface Sqs {
  send(body: string): MessageRef
  /** Called after each message that came. */
  onSend(listen: () => void): void
  /** Receives a random batch in random order, hides it, or nothing when nothing is visible. */
  receive(batchMax: number): readonly Delivery[]
  /** Deletes what the reader finished; a delete may be lost. */
  finish(messageIds: readonly string[]): void
  /** Has messages that stay come again when transform's door would, unless that call is lost. */
  putOff(messageIds: readonly string[]): void
  /** Sends the dead letters again, as `silversmith dlq redrive` does. */
  redrive(): number
  /** Messages on the queue and behind it. */
  size(): number
  /** Messages on the queue: those that can be received, and those that cannot yet. */
  depth(): { readonly ready: number; readonly inFlight: number }
  /** When the next message becomes visible; undefined on an empty queue. */
  nextVisibleAt(): number | undefined
}

export interface SqsOptions {
  readonly queueArn: string
  readonly visibilityMs: number
  readonly receivesMax: number
}

interface Stored {
  readonly id: string
  readonly identity: MessageRef
  readonly body: string
  visibleAt: number
  receives: number
}

const deliveryDelayMaxMs = 2_000
const shortVisibilityMaxMs = 30_000

export const createSqs = (around: Surroundings, options: SqsOptions): Sqs => {
  const { scheduler, random, tally } = around
  let stored: Stored[] = []
  let dead: Stored[] = []
  let count = 0
  let listener = (): void => undefined
  const { queueArn } = options
  const add = (body: string, firstIdentity?: string): MessageRef => {
    count += 1
    const visibleAt = scheduler.now() + random.below(deliveryDelayMaxMs)
    const id = `m${count}`
    const identity = identifyMessage({ queueArn, messageId: id, firstIdentity })
    stored.push({ id, identity, body, visibleAt, receives: 0 })
    listener()
    return identity
  }
  const deliver = (message: Stored): Delivery => {
    message.receives += 1
    const visibleMs = random.chance(around.troubles().shortVisibility)
      ? random.below(shortVisibilityMaxMs)
      : options.visibilityMs
    message.visibleAt = scheduler.now() + visibleMs
    return { messageId: message.id, identity: message.identity, body: message.body }
  }
  return {
    send: (body) => add(body),
    onSend: (listen) => {
      listener = listen
    },
    receive: (batchMax) => {
      const spent = (message: Stored): boolean =>
        message.receives >= options.receivesMax && message.visibleAt <= scheduler.now()
      dead = [...dead, ...stored.filter(spent)]
      stored = stored.filter((message) => !spent(message))
      const visible = stored.filter(({ visibleAt }) => visibleAt <= scheduler.now())
      const inFlight = stored.filter(({ visibleAt }) => visibleAt > scheduler.now())
      const taken: Stored[] = []
      while (visible.length > 0 && taken.length < batchMax)
        taken.push(...visible.splice(random.below(visible.length), 1))
      if (
        taken.length > 0 &&
        inFlight.length > 0 &&
        random.chance(around.troubles().duplicateDelivery)
      ) {
        tally.duplicatesDelivered += 1
        taken.push(random.pick(inFlight))
      }
      return taken.map(deliver)
    },
    finish: (messageIds) => {
      const deleted = new Set(messageIds.filter(() => !random.chance(around.troubles().lostDelete)))
      stored = stored.filter(({ id }) => !deleted.has(id))
    },
    putOff: (messageIds) => {
      for (const message of stored)
        if (messageIds.includes(message.id) && !random.chance(around.troubles().lostDelete))
          message.visibleAt =
            scheduler.now() + redeliveryMs(message.receives, random.below(1_000) / 1_000)
    },
    redrive: () => {
      const moved = dead
      dead = []
      for (const { body, identity } of moved) add(body, writeFirstIdentity(identity))
      return moved.length
    },
    size: () => stored.length + dead.length,
    depth: () => {
      const ready = stored.filter(({ visibleAt }) => visibleAt <= scheduler.now()).length
      return { ready, inFlight: stored.length - ready }
    },
    nextVisibleAt: () =>
      stored.length === 0
        ? undefined
        : stored.reduce((first, { visibleAt }) => Math.min(first, visibleAt), Infinity),
  }
}
