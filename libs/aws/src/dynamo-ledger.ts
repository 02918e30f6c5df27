import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'
import type { Clock, Ledger, Versioned } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import type { BackOff } from './back-off.ts'
import { refuseAborted, systemClock, waitAfter } from './back-off.ts'
import { batchOf, openShardsOf, pkOf, readRecord, writeRecord } from './ledger-record.ts'
import { openIndex } from './table-definition.ts'
import { errorNameOf, faultOf } from './vendor-fault.ts'

export interface DynamoLedgerSettings {
  readonly client: DynamoDBClient
  /** A table made by `ledgerTableDefinition`. */
  readonly tableName: string
  readonly clock?: Clock
  /** Reads in a row that bring none of the items still asked for. */
  readonly attemptsMax?: number
  readonly backOffMs?: number
  /** Calls of one `read` under way at once. */
  readonly concurrencyMax?: number
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const readSliceMax = 100

/**
 * The Ledger port on one DynamoDB table, by single-item conditional writes only.
 *
 * `write` may answer false though it landed: the SDK repeats a call whose answer was lost, and the repeated one meets our
 * own revision. The port's callers read again, so nothing here needs the old item with the refusal.
 *
 * Faults: LEDGER_UNAVAILABLE (a write may have landed), LEDGER_DENIED, DEADLINE_REACHED. An item over 4 KB is a RangeError.
 */
export const createDynamoLedger = ({
  client,
  tableName,
  clock = systemClock,
  attemptsMax = 8,
  backOffMs = 50,
  concurrencyMax = 8,
}: DynamoLedgerSettings): Ledger => {
  const limits = { clock, attemptsMax, backOffMs }
  const table: Table = {
    name: tableName,
    documents: DynamoDBDocumentClient.from(client, {
      marshallOptions: { removeUndefinedValues: true },
    }),
  }
  return {
    read: async (keys, signal) => {
      const pks = [...new Set(keys.map(pkOf))]
      const slices = slicesOf(pks)
      const found = new Map<string, Versioned>()
      const work = async (): Promise<void> => {
        for (let slice = slices.shift(); slice; slice = slices.shift())
          await readSlice(table, slice, found, limits, signal)
      }
      const workers = Array.from({ length: Math.min(concurrencyMax, slices.length) }, work)
      // All of them end before the caller goes on: none may live into the next invocation.
      const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
      return keys.map((key) => found.get(pkOf(key)))
    },

    write: async (item, expected, signal) => {
      const put = new PutCommand({
        TableName: tableName,
        Item: writeRecord(item, expected + 1),
        ...(expected === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'rev = :expected',
              ExpressionAttributeValues: { ':expected': expected },
            }),
      })
      try {
        await table.documents.send(put, { abortSignal: signal })
        return true
      } catch (error) {
        if (errorNameOf(error) === 'ConditionalCheckFailedException') return false
        throw faultOf('ledger', error, `writing ${pkOf(item)} to ${tableName}`, signal)
      }
    },

    listOpen: async (pipeline, now, limit, signal) => {
      if (limit <= 0) return []
      const lists = await Promise.allSettled(
        openShardsOf(pipeline).map((shard) => listShard(table, shard, now, limit, signal)),
      )
      const failed = lists.find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
      return lists
        .flatMap((list) => (list.status === 'fulfilled' ? list.value : []))
        .sort((a, b) => a.leaseUntil - b.leaseUntil)
        .slice(0, limit)
        .map(({ pk }) => batchOf(pk))
    },
  }
}

interface Table {
  readonly name: string
  readonly documents: DynamoDBDocumentClient
}

const slicesOf = (pks: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(pks.length / readSliceMax) }, (_, n) =>
    pks.slice(n * readSliceMax, (n + 1) * readSliceMax),
  )

const readSlice = async (
  { name, documents }: Table,
  pks: readonly string[],
  found: Map<string, Versioned>,
  limits: BackOff,
  signal: AbortSignal,
): Promise<void> => {
  let left: readonly unknown[] = pks.map((pk) => ({ pk }))
  let fruitless = 0
  while (left.length > 0) {
    if (fruitless >= limits.attemptsMax)
      throw new Fault(
        'LEDGER_UNAVAILABLE',
        `${name} left ${left.length} items unread in ${fruitless} tries: it is throttled`,
      )
    if (fruitless > 0) await waitAfter(fruitless, limits, signal)
    const request = { [name]: { Keys: left as Record<string, unknown>[], ConsistentRead: true } }
    const answer = await documents
      .send(new BatchGetCommand({ RequestItems: request }), { abortSignal: signal })
      .catch((error: unknown) => {
        throw faultOf('ledger', error, `reading ${left.length} items of ${name}`, signal)
      })
    for (const record of answer.Responses?.[name] ?? [])
      found.set(String(record['pk']), readRecord(record))
    const unread = answer.UnprocessedKeys?.[name]?.Keys ?? []
    fruitless = unread.length < left.length ? 1 : fruitless + 1
    left = unread
  }
}

interface OpenBatch {
  readonly pk: string
  readonly leaseUntil: number
}

const listShard = async (
  { name, documents }: Table,
  shard: string,
  now: number,
  limit: number,
  signal: AbortSignal,
): Promise<readonly OpenBatch[]> => {
  const batches: OpenBatch[] = []
  let from: Record<string, unknown> | undefined
  do {
    refuseAborted(signal)
    const query = new QueryCommand({
      TableName: name,
      IndexName: openIndex,
      KeyConditionExpression: 'openShard = :shard AND leaseUntil < :now',
      ExpressionAttributeValues: { ':shard': shard, ':now': now },
      Limit: limit - batches.length,
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    })
    const page = await documents.send(query, { abortSignal: signal }).catch((error: unknown) => {
      throw faultOf('ledger', error, `listing open batches of ${name}`, signal)
    })
    for (const found of page.Items ?? []) batches.push(found as unknown as OpenBatch)
    from = page.LastEvaluatedKey
  } while (from !== undefined && batches.length < limit)
  return batches
}
