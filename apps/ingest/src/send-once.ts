import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Fault, isFault, objectUri } from '@silversmith/core'
import type { SendKey, SendOnce } from '@silversmith/flow'
import type { Context } from 'aws-lambda'

/** How long a repetition is recognised; claims recognise it for ever. */
const rememberSeconds = 3_600

/** `begin` MUST be called at every invocation: without its remaining time a crash would lock the object for `rememberSeconds`. */
export interface IdempotentSends {
  readonly sendOnce: SendOnce
  readonly begin: (context: Context) => void
}

/** Powertools idempotency, one lock per object. The table's key is `id`, its TTL attribute `expiration`. */
export const createIdempotentSends = (
  dynamodb: DynamoDBClient,
  tableName: string,
): IdempotentSends => {
  const config = new IdempotencyConfig({
    eventKeyJmesPath: '[pipeline, bucket, key, version, sequencer]',
    throwOnNoIdempotencyKey: true,
    expiresAfterSeconds: rememberSeconds,
  })
  const sendIdempotently = makeIdempotent(
    async (_key: Readonly<SendKey>, send: () => Promise<void>) => {
      await send()
      return true
    },
    {
      persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: dynamodb }),
      config,
      keyPrefix: 'ingest',
      dataIndexArgument: 0,
    },
  )
  return {
    begin: (context) => config.registerLambdaContext(context),
    sendOnce: async (key, send) => {
      try {
        await sendIdempotently(key, send)
      } catch (error) {
        throw toFault(error, key)
      }
    },
  }
}

const deniedNames: readonly string[] = ['AccessDeniedException', 'ResourceNotFoundException']

const toFault = (error: unknown, key: SendKey): unknown => {
  if (isFault(error) || !(error instanceof Error)) return error
  const object = objectUri(key)
  if (error.name === 'IdempotencyAlreadyInProgressError')
    return new Fault(
      'LEDGER_UNAVAILABLE',
      `${object} is being sent by another invocation; the message comes again`,
      { cause: error },
    )
  if (!error.name.startsWith('Idempotency')) return error
  const cause = error.cause instanceof Error ? error.cause.name : 'unknown'
  return deniedNames.includes(cause)
    ? new Fault(
        'LEDGER_DENIED',
        `${object}: the idempotency table answers ${cause}; check its name and the role`,
        { cause: error },
      )
    : new Fault('LEDGER_UNAVAILABLE', `${object}: the idempotency table failed with ${cause}`, {
        cause: error,
      })
}
