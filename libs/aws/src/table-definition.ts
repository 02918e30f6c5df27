import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'

/** Sparse index of batches in state F or S. */
export const openIndex = 'open'

/** The ledger's table, as CreateTable takes it. Terraform declares the same one. */
export const ledgerTableDefinition = (tableName: string): CreateTableCommandInput => ({
  TableName: tableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'openShard', AttributeType: 'S' },
    { AttributeName: 'leaseUntil', AttributeType: 'N' },
  ],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    {
      IndexName: openIndex,
      KeySchema: [
        { AttributeName: 'openShard', KeyType: 'HASH' },
        { AttributeName: 'leaseUntil', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
})

/**
 * Table of Powertools' DynamoDBPersistenceLayer with its default attribute names (2.35.0: key `id`, beside it `status`,
 * `expiration`, `in_progress_expiration`, `data`, `validation`). Time to live goes by `expiration`; CreateTable cannot
 * turn it on.
 */
export const idempotencyTableDefinition = (tableName: string): CreateTableCommandInput => ({
  TableName: tableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
})
