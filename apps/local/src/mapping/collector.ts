import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import type { Message, SQSClient } from '@aws-sdk/client-sqs'
import type { SQSRecord } from 'aws-lambda'
import { setTimeout as sleep } from 'node:timers/promises'
import { payloadBytesMax } from '../lambda/invocation.ts'
import { recordOf } from './record.ts'

export interface Collector {
  /** The next batch, as soon as it is full, too large for more, or its window is over. Empty when nothing came or on abort. */
  collect(signal: AbortSignal): Promise<readonly SQSRecord[]>
  /** What was received and would be first of the next batch; it is not handed over any more. */
  takeCarried(): readonly SQSRecord[]
}

export interface CollectorSettings {
  readonly queueUrl: string
  readonly queueArn: string
  readonly batchSize: number
  readonly windowMs: number
}

/** ReceiveMessage gives ten at most. */
const receiveMax = 10
/** Long polls by as many pollers as AWS starts with. */
const pollers = 5
/** Seconds; short enough that a stop is quick, long enough that an idle queue costs nothing. */
const longPollSeconds = 5
/** Pause between short polls while a window is open. */
const windowPollMs = 50

const envelopeBytes = Buffer.byteLength('{"Records":[]}')

export const createCollector = (sqs: SQSClient, settings: CollectorSettings): Collector => {
  /** Received, but over the size of the batch before: first of the next. */
  let carried: { record: SQSRecord; sizeBytes: number }[] = []

  const receive = async (count: number, waitSeconds: number, signal: AbortSignal) => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: settings.queueUrl,
        MaxNumberOfMessages: Math.min(receiveMax, count),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: signal },
    )
    return Messages ?? []
  }

  /** Several short polls at once, never asking for more than `room`. */
  const receiveMany = async (room: number, signal: AbortSignal): Promise<readonly Message[]> => {
    const asked: number[] = []
    for (let left = room; left > 0 && asked.length < pollers; left -= receiveMax)
      asked.push(Math.min(left, receiveMax))
    // Settled, so that what one poll received is not lost with the failure of another.
    const polls = await Promise.allSettled(asked.map((count) => receive(count, 0, signal)))
    const received = polls.flatMap((poll) => (poll.status === 'fulfilled' ? poll.value : []))
    const failed = polls.find((poll) => poll.status === 'rejected')
    if (failed && received.length === 0) throw failed.reason
    return received
  }

  const collect = async (signal: AbortSignal): Promise<readonly SQSRecord[]> => {
    const records: SQSRecord[] = []
    let sizeBytes = envelopeBytes
    let full = false
    const add = (entry: { record: SQSRecord; sizeBytes: number }): void => {
      if (full || sizeBytes + entry.sizeBytes > payloadBytesMax) {
        full = true
        carried.push(entry)
        return
      }
      records.push(entry.record)
      sizeBytes += entry.sizeBytes
      full = records.length >= settings.batchSize
    }
    const addMessages = (messages: readonly Message[]): void => {
      for (const message of messages) {
        const record = recordOf(message, settings.queueArn)
        add({ record, sizeBytes: Buffer.byteLength(JSON.stringify(record)) + 1 })
      }
    }

    const waiting = carried
    carried = []
    waiting.forEach(add)
    if (records.length === 0)
      addMessages(await receive(settings.batchSize, longPollSeconds, signal))
    if (records.length === 0) return records
    const deadline = Date.now() + settings.windowMs
    while (!full && !signal.aborted) {
      const messages = await receiveMany(settings.batchSize - records.length, signal)
      addMessages(messages)
      if (messages.length > 0) continue
      if (Date.now() >= deadline) break
      await sleep(windowPollMs)
    }
    return records
  }

  return { collect, takeCarried: () => carried.splice(0).map(({ record }) => record) }
}
