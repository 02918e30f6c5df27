import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Fault, isFault } from '@silversmith/core'
import type { SendCheckpoint, SendGuard } from '@silversmith/flow'
import type { Context } from 'aws-lambda'

/** How long a repetition is recognised; claims recognise it for ever. */
const rememberSeconds = 3_600

/** `begin` MUST be called at every invocation: without its remaining time a crash would lock the checkpoint for `rememberSeconds`. */
export interface GuardedSends {
  readonly send: SendGuard
  readonly begin: (context: Context) => void
}

/** Powertools idempotency, one lock per job and checkpoint. The table's key is `id`, its TTL attribute `expiration`. */
export const createSendGuard = (dynamodb: DynamoDBClient, tableName: string): GuardedSends => {
  const config = new IdempotencyConfig({
    eventKeyJmesPath: '[pipeline, job, checkpoint]',
    throwOnNoIdempotencyKey: true,
    expiresAfterSeconds: rememberSeconds,
  })
  const sendIdempotently = makeIdempotent(
    async (_checkpoint: Readonly<SendCheckpoint>, send: () => Promise<void>) => {
      await send()
      return true
    },
    {
      persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: dynamodb }),
      config,
      keyPrefix: 'bulk',
      dataIndexArgument: 0,
    },
  )
  return {
    begin: (context) => config.registerLambdaContext(context),
    send: async (checkpoint, send) => {
      try {
        await sendIdempotently(checkpoint, send)
      } catch (error) {
        throw toFault(error, checkpoint)
      }
    },
  }
}

const deniedNames: readonly string[] = ['AccessDeniedException', 'ResourceNotFoundException']

const toFault = (error: unknown, { job }: SendCheckpoint): unknown => {
  if (isFault(error) || !(error instanceof Error) || !error.name.startsWith('Idempotency'))
    return error
  if (error.name === 'IdempotencyAlreadyInProgressError')
    return new Fault('LEDGER_UNAVAILABLE', `job ${job}: another invocation is sending; try again`, {
      cause: error,
    })
  const name = error.cause instanceof Error ? error.cause.name : 'unknown'
  const code = deniedNames.includes(name) ? 'LEDGER_DENIED' : 'LEDGER_UNAVAILABLE'
  return new Fault(code, `job ${job}: the idempotency table answers ${name}`, { cause: error })
}
