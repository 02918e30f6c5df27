import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { LambdaClient } from '@aws-sdk/client-lambda'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'

/** All optional; the SDK itself reads region, credentials and `AWS_ENDPOINT_URL_<SERVICE>` from the environment. */
export interface AwsSettings {
  readonly region?: string | undefined
  readonly credentials?: S3ClientConfig['credentials']
  readonly endpoints?: {
    readonly s3?: string | undefined
    readonly sqs?: string | undefined
    readonly dynamodb?: string | undefined
    readonly lambda?: string | undefined
  }
  /**
   * Bucket in the path instead of the host name. True when `endpoints.s3` is given; a door that leaves the endpoint to
   * `AWS_ENDPOINT_URL_S3` must set it, since the SDK tells nobody which endpoint it read.
   */
  readonly s3PathStyle?: boolean | undefined
  readonly connectTimeoutMs?: number | undefined
  /** Until the answer begins. For SQS and DynamoDB also the longest silence within an answer. */
  readonly requestTimeoutMs?: number | undefined
  /** Tries of one call by the SDK, the first included. */
  readonly attemptsMax?: number | undefined
  /** Open connections per client; further calls wait for one, within their time-out. */
  readonly socketsMax?: number | undefined
}

export interface AwsClients {
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly dynamodb: DynamoDBClient
  /** Closes idle connections. */
  destroy(): void
}

const defaults = {
  connectTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
  attemptsMax: 4,
  socketsMax: 64,
}

const sharedBy = (settings: AwsSettings) => ({
  ...(settings.region === undefined ? {} : { region: settings.region }),
  ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
  maxAttempts: settings.attemptsMax ?? defaults.attemptsMax,
  retryMode: 'standard',
})

const requestTimeoutMsOf = ({ requestTimeoutMs = defaults.requestTimeoutMs }: AwsSettings) =>
  requestTimeoutMs

const handlerWith = (settings: AwsSettings, socketTimeout: number) => {
  const maxSockets = settings.socketsMax ?? defaults.socketsMax
  return {
    connectionTimeout: settings.connectTimeoutMs ?? defaults.connectTimeoutMs,
    requestTimeout: requestTimeoutMsOf(settings),
    throwOnRequestTimeout: true,
    socketTimeout,
    httpAgent: { keepAlive: true, maxSockets },
    httpsAgent: { keepAlive: true, maxSockets },
  }
}

/** Of clients that are made elsewhere. */
export const clientSettingsOf = (settings: AwsSettings) => ({
  ...sharedBy(settings),
  requestHandler: handlerWith(settings, requestTimeoutMsOf(settings)),
})

const endpointOf = (endpoint: string | undefined) => (endpoint === undefined ? {} : { endpoint })

/**
 * S3 answers are not checksummed by the SDK: a body would then no longer be the socket's own, and could be neither
 * resumed nor ended early. The store compares sha256 instead. S3 has no silence limit on the socket either, because a
 * consumer that writes elsewhere for a minute must not lose its body; `createS3Bronze` and `createS3Store` have their own.
 */
export const createS3Client = (settings: AwsSettings): S3Client =>
  new S3Client({
    ...sharedBy(settings),
    ...endpointOf(settings.endpoints?.s3),
    requestHandler: handlerWith(settings, 0),
    forcePathStyle: settings.s3PathStyle ?? settings.endpoints?.s3 !== undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })

/** `byName`: for who knows the ARN of a queue and not its URL; the URL then only names it, and the endpoint is the region's. */
export const createSqsClient = (
  settings: AwsSettings,
  { byName = false }: { readonly byName?: boolean } = {},
): SQSClient =>
  new SQSClient({
    ...sharedBy(settings),
    ...endpointOf(settings.endpoints?.sqs),
    useQueueUrlAsEndpoint: !byName,
    requestHandler: handlerWith(settings, requestTimeoutMsOf(settings)),
  })

export const createDynamoDbClient = (settings: AwsSettings): DynamoDBClient =>
  new DynamoDBClient({
    ...sharedBy(settings),
    ...endpointOf(settings.endpoints?.dynamodb),
    requestHandler: handlerWith(settings, requestTimeoutMsOf(settings)),
  })

export const createLambdaClient = (settings: AwsSettings): LambdaClient =>
  new LambdaClient({
    ...sharedBy(settings),
    ...endpointOf(settings.endpoints?.lambda),
    requestHandler: handlerWith(settings, requestTimeoutMsOf(settings)),
  })

/** The three clients, to be made once per process; who needs fewer starts faster with those alone. */
export const createAwsClients = (settings: AwsSettings = {}): AwsClients => {
  const s3 = createS3Client(settings)
  const sqs = createSqsClient(settings)
  const dynamodb = createDynamoDbClient(settings)
  return {
    s3,
    sqs,
    dynamodb,
    destroy: () => {
      s3.destroy()
      sqs.destroy()
      dynamodb.destroy()
    },
  }
}
