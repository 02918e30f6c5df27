import { PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { ReceiveMessageCommandOutput, SQSClient } from '@aws-sdk/client-sqs'
import { datasets } from '@silversmith/datasets'
import { join } from 'node:path'
import { createClosers } from '../closers.ts'
import { table } from '../kill/arrived.ts'
import { startMortalEngine } from '../kill/mortal-engine.ts'
import type { MortalEngine } from '../kill/mortal-engine.ts'
import type { FunctionSettings } from '../lambda/invocation.ts'
import { startStack } from '../stack.ts'
import type { Stack } from '../stack.ts'
import { createDice } from './dice.ts'
import { startRoughNetwork } from './rough-network.ts'
import type { RoughNetwork } from './rough-network.ts'

/** A stack made to be shot at: its functions reach their services by the rough network, its table merges no parts. */
export interface Arena {
  readonly stack: Stack
  readonly engine: MortalEngine
  readonly network: RoughNetwork
  /** Messages received that had been received before. */
  redelivered(): number
  /** Seconds for which a received message is hidden, in each queue. */
  setVisibility(seconds: number): Promise<void>
  close(): Promise<void>
}

/** Copies of every event. */
export const eventCopies = 2

/**
 * Transform works for 7 s and its lease ends with that, but its process may live on for 16 s: one that was paused wakes up
 * as a zombie. The lock of an object that ingest died with ends with its invocation.
 */
const timings: Readonly<Record<string, Pick<FunctionSettings, 'timeoutMs' | 'env'>>> = {
  transform: {
    timeoutMs: 23_000,
    env: { LAMBDA_TIMEOUT_SAFETY_MARGIN_MS: '16000', LEASE_MARGIN_MS: '0' },
  },
  ingest: { timeoutMs: 6_000, env: {} },
}
const mapping = { batchSize: 25, windowMs: 1_000, retryMaxMs: 1_000 }
const sweepMs = 1_000
/** The least that transform takes messages from. An unlucky one comes to the dead-letter queue. */
const maxReceiveCount = 20

const throughNetwork =
  (network: RoughNetwork) =>
  (settings: FunctionSettings): FunctionSettings => {
    const { env } = settings
    const { s3, sqs, dynamodb, clickhouse } = network.urls
    network.sendTo('s3', env['AWS_ENDPOINT_URL_S3'] ?? '')
    network.sendTo('sqs', env['AWS_ENDPOINT_URL_SQS'] ?? '')
    network.sendTo('dynamodb', env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '')
    const urls = {
      AWS_ENDPOINT_URL_S3: s3,
      AWS_ENDPOINT_URL_SQS: sqs,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      OBJECTS_QUEUE_URL: new URL(new URL(env['OBJECTS_QUEUE_URL'] ?? '').pathname, sqs).href,
      ...(env['CLICKHOUSE_URL'] === undefined ? {} : { CLICKHOUSE_URL: clickhouse }),
    }
    const timing = timings[settings.name]
    return { ...settings, ...timing, env: { ...env, ...timing?.env, ...urls } }
  }

const countRedeliveries = (sqs: SQSClient): (() => number) => {
  let count = 0
  sqs.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { Messages = [] } = result.output as Partial<ReceiveMessageCommandOutput>
      count += Messages.filter(
        ({ Attributes }) => Number(Attributes?.ApproximateReceiveCount ?? 1) > 1,
      ).length
      return result
    },
    { step: 'initialize', name: 'countRedeliveries' },
  )
  return () => count
}

export interface ArenaOptions {
  readonly dir: string
  readonly seed: number
  readonly signal: AbortSignal
  /** A function could not start at all. */
  readonly onBroken: (reason: Error) => void
}

export const startArena = async (options: ArenaOptions): Promise<Arena> => {
  const closers = createClosers()
  try {
    const network = await startRoughNetwork(createDice(options.seed))
    closers.add(() => network.close())
    const engine = await startMortalEngine(join(options.dir, 'engine'), (url) =>
      network.sendTo('clickhouse', url),
    )
    closers.add(() => engine.close())
    const stack = await startStack({
      dir: join(options.dir, 'stack'),
      targets: ['silver', 'clickhouse'],
      routes: undefined,
      tables: datasets.flatMap(({ tables }) => tables),
      duplicateEvents: eventCopies,
      migrate: true,
      environment: { CLICKHOUSE_URL: engine.url() },
      onInitFailure: (name, { errorMessage }) =>
        options.onBroken(new Error(`${name} could not start: ${errorMessage}`)),
      onLine: () => undefined,
      signal: options.signal,
      tuning: { tuneFunction: throughNetwork(network), mapping, sweepMs },
    })
    closers.add(() => stack.close())
    await engine.stopMerges(table)
    const { clients, resources } = stack
    await clients.s3.send(
      new PutBucketVersioningCommand({
        Bucket: resources.bronzeBucket,
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    )
    const redelivered = countRedeliveries(clients.sqs)
    const setVisibility = async (seconds: number): Promise<void> => {
      for (const { main, dead } of [resources.arrivals, resources.objects, resources.bulk])
        await clients.sqs.send(
          new SetQueueAttributesCommand({
            QueueUrl: main.queueUrl,
            Attributes: {
              VisibilityTimeout: String(seconds),
              RedrivePolicy: JSON.stringify({
                deadLetterTargetArn: dead.queueArn,
                maxReceiveCount,
              }),
            },
          }),
        )
    }
    return { stack, engine, network, redelivered, setVisibility, close: closers.close }
  } catch (error) {
    await closers.close().catch(() => undefined)
    throw error
  }
}
