export type { AwsClients, AwsSettings } from './clients.ts'
export { createBucketChecker, lookAtPlace } from './check/bucket-check.ts'
export type { Invoked } from './check/function-check.ts'
export { createFunctionChecker, invokeMsMax } from './check/function-check.ts'
export { createQueueChecker, createQueueLook } from './check/queue-check.ts'
export { createTableChecker } from './check/table-check.ts'
export {
  createAwsClients,
  createDynamoDbClient,
  createLambdaClient,
  createS3Client,
  createSqsClient,
} from './clients.ts'
export type { DynamoLedgerSettings } from './dynamo-ledger.ts'
export { createDynamoLedger } from './dynamo-ledger.ts'
export { openShardsOf } from './ledger-record.ts'
export type { S3BronzeSettings } from './s3-bronze.ts'
export { createS3Bronze } from './s3-bronze.ts'
export type { S3ReplicatorSettings } from './s3-replicator.ts'
export { createS3Replicator } from './s3-replicator.ts'
export type { S3StoreSettings } from './s3-store.ts'
export { createS3Store } from './s3-store.ts'
export type { SecretLoginSettings } from './secret-login.ts'
export { createSecretLogin, createSecretsClient } from './secret-login.ts'
export type { SqsDeadLettersSettings } from './sqs-dead-letters.ts'
export { createSqsDeadLetters } from './sqs-dead-letters.ts'
export type { SqsMeterSettings } from './sqs-meter.ts'
export { createSqsMeter } from './sqs-meter.ts'
export type { SqsQueueSettings } from './sqs-queue.ts'
export { createSqsQueue } from './sqs-queue.ts'
export { createSqsRedelivery } from './sqs-redelivery.ts'
export { idempotencyTableDefinition, ledgerTableDefinition } from './table-definition.ts'
export { createUlid } from './ulid.ts'
