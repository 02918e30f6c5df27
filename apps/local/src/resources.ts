import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs'
import type { AwsClients } from '@silversmith/aws'
import { idempotencyTableDefinition, ledgerTableDefinition } from '@silversmith/aws'
import { sizes } from './sizes.ts'

export interface Queue {
  readonly name: string
  readonly queueUrl: string
  readonly queueArn: string
}

export interface QueuePair {
  readonly main: Queue
  readonly dead: Queue
}

export interface Resources {
  readonly bronzeBucket: string
  readonly silverBucket: string
  readonly ledgerTable: string
  readonly idempotencyTable: string
  readonly arrivals: QueuePair
  readonly objects: QueuePair
  /** As objects, of jobs: live ones need not wait behind them. */
  readonly bulk: QueuePair
  /** Their messages are data. */
  readonly messages: QueuePair
}

/** Receives before a message goes to the dead-letter queue; an outage of a target burns them. */
export const maxReceiveCount = sizes.queues.max_receive_count

/** Two weeks, SQS' most: longer than the queue the messages come from. */
const deadRetentionSeconds = 1_209_600
/** SQS' most. */
const visibilitySecondsMax = 43_200

const bucketIsMine = ['BucketAlreadyOwnedByYou', 'BucketAlreadyExists']

const createBucket = async (s3: S3Client, bucket: string): Promise<void> => {
  await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: unknown) => {
    if (!bucketIsMine.includes((error as Error).name)) throw error
  })
}

const createTable = async (
  dynamodb: DynamoDBClient,
  definition: CreateTableCommandInput,
): Promise<void> => {
  await dynamodb.send(new CreateTableCommand(definition)).catch((error: unknown) => {
    if ((error as Error).name !== 'ResourceInUseException') throw error
  })
}

interface QueueMaker {
  readonly sqs: SQSClient
  /** Given: queues are named by this endpoint. */
  readonly endpoint: string | undefined
}

const createQueue = async (
  { sqs, endpoint }: QueueMaker,
  name: string,
  attributes: Record<string, string>,
): Promise<Queue> => {
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
  )
  const { pathname } = new URL(QueueUrl ?? '')
  const queueUrl = endpoint === undefined ? (QueueUrl ?? '') : new URL(pathname, endpoint).href
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  )
  return { name, queueUrl, queueArn: Attributes?.['QueueArn'] ?? '' }
}

const createQueuePair = async (
  maker: QueueMaker,
  name: string,
  timing: MappingTiming,
): Promise<QueuePair> => {
  const dead = await createQueue(maker, `${name}-dlq`, {
    MessageRetentionPeriod: String(deadRetentionSeconds),
  })
  const main = await createQueue(maker, name, {
    VisibilityTimeout: String(visibilitySecondsOf(timing)),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount }),
  })
  return { main, dead }
}

export interface MappingTiming {
  readonly timeoutMs: number
  readonly windowMs: number
}

/** AWS' advice: six times the function's time-out, and the window. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export const visibilitySecondsOf = ({ timeoutMs, windowMs }: MappingTiming): number =>
  Math.min(Math.ceil((6 * timeoutMs + windowMs) / 1000), visibilitySecondsMax)

export interface ResourceSettings {
  readonly bronzeBucket: string
  readonly silverBucket: string
  /** Of the local SQS; undefined for another one, whose queue URLs are taken as they are. */
  readonly sqsEndpoint: string | undefined
  readonly arrivals: MappingTiming
  readonly objects: MappingTiming
}

/** Makes what is not there yet: buckets, tables, queues with their dead-letter queues. */
export const createResources = async (
  { s3, sqs, dynamodb }: AwsClients,
  settings: ResourceSettings,
): Promise<Resources> => {
  const ledgerTable = 'silversmith-ledger'
  const idempotencyTable = 'silversmith-idempotency'
  const maker = { sqs, endpoint: settings.sqsEndpoint }
  await createBucket(s3, settings.bronzeBucket)
  await createBucket(s3, settings.silverBucket)
  await createTable(dynamodb, ledgerTableDefinition(ledgerTable))
  await createTable(dynamodb, idempotencyTableDefinition(idempotencyTable))
  return {
    bronzeBucket: settings.bronzeBucket,
    silverBucket: settings.silverBucket,
    ledgerTable,
    idempotencyTable,
    arrivals: await createQueuePair(maker, 'silversmith-arrivals', settings.arrivals),
    objects: await createQueuePair(maker, 'silversmith-objects', settings.objects),
    bulk: await createQueuePair(maker, 'silversmith-bulk', settings.objects),
    messages: await createQueuePair(maker, 'silversmith-messages', settings.objects),
  }
}

export interface QueueCounts {
  readonly ready: number
  /** Received and neither deleted nor given back. */
  readonly inFlight: number
}

export const countMessages = async (sqs: SQSClient, { queueUrl }: Queue): Promise<QueueCounts> => {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  )
  const count = (name: QueueAttributeName): number => Number(Attributes?.[name] ?? 0)
  return {
    ready: count('ApproximateNumberOfMessages') + count('ApproximateNumberOfMessagesDelayed'),
    inFlight: count('ApproximateNumberOfMessagesNotVisible'),
  }
}
