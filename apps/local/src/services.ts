import { createAwsClients } from '@silversmith/aws'
import type { AwsClients } from '@silversmith/aws'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Closers } from './closers.ts'
import { startDynamoDb } from './dynamodb.ts'
import { region } from './lambda/invocation.ts'
import type { OnNotification } from './s3/notification.ts'
import { createS3Server } from './s3/server.ts'
import { startSqs } from './sqs.ts'

/** S3, SQS and DynamoDB of a run: ours, or another endpoint for each that the environment names. */
export interface Services {
  readonly clients: AwsClients
  readonly endpoints: { readonly s3: string; readonly sqs: string; readonly dynamodb: string }
  readonly ours: { readonly s3: boolean; readonly sqs: boolean; readonly dynamodb: boolean }
  /** AWS_* names for the functions. */
  readonly credentials: Readonly<Record<string, string>>
}

export interface ServicesOptions {
  readonly dir: string
  readonly environment: NodeJS.ProcessEnv
  readonly onNotification: OnNotification
  readonly closers: Closers
}

/** Our own servers take any; the person's are used only where they name an endpoint of their own. */
const credentialsOf = (
  environment: NodeJS.ProcessEnv,
  foreign: boolean,
): Record<string, string> => {
  const id = environment['AWS_ACCESS_KEY_ID']
  const secret = environment['AWS_SECRET_ACCESS_KEY']
  if (!foreign || !id || !secret)
    return { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }
  const token = environment['AWS_SESSION_TOKEN']
  return {
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    ...(token ? { AWS_SESSION_TOKEN: token } : {}),
  }
}

export const startServices = async (options: ServicesOptions): Promise<Services> => {
  const { dir, environment, closers } = options
  const given = {
    s3: environment['AWS_ENDPOINT_URL_S3'],
    sqs: environment['AWS_ENDPOINT_URL_SQS'],
    dynamodb: environment['AWS_ENDPOINT_URL_DYNAMODB'],
  }
  const start = async (server: Promise<{ url: string; close(): Promise<void> }>) => {
    const { url, close } = await server
    closers.add(close)
    return url
  }
  const makeDir = async (name: string): Promise<string> => {
    const path = join(dir, name)
    await mkdir(path, { recursive: true })
    return path
  }
  const endpoints = {
    s3:
      given.s3 ??
      (await start(
        createS3Server({ dir: await makeDir('s3'), onNotification: options.onNotification }),
      )),
    sqs: given.sqs ?? (await start(startSqs())),
    dynamodb: given.dynamodb ?? (await start(startDynamoDb(await makeDir('dynamodb')))),
  }
  const credentials = credentialsOf(
    environment,
    Object.values(given).some((endpoint) => endpoint !== undefined),
  )
  const clients = createAwsClients({
    region,
    endpoints,
    credentials: {
      accessKeyId: credentials['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: credentials['AWS_SECRET_ACCESS_KEY'] ?? '',
      ...(credentials['AWS_SESSION_TOKEN']
        ? { sessionToken: credentials['AWS_SESSION_TOKEN'] }
        : {}),
    },
    // An upload of a large file is one request.
    requestTimeoutMs: 600_000,
  })
  closers.add(() => {
    clients.destroy()
    return Promise.resolve()
  })
  return {
    clients,
    endpoints,
    credentials,
    ours: {
      s3: given.s3 === undefined,
      sqs: given.sqs === undefined,
      dynamodb: given.dynamodb === undefined,
    },
  }
}
