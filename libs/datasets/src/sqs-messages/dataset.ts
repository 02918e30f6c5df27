import type { Dataset, Mapped, RecordContext } from '@silversmith/core'
import { readReceived } from '@silversmith/core'
import { isAbsent, isObject, type JsonObject } from '../json.ts'
import { mapJsonRecord, recordRejections } from '../json-record.ts'
import { compileRules } from '../rule.ts'
import { messageRules } from './rules.ts'

const table = 'sqs_messages'
const compiled = compileRules(messageRules, {
  closed: [[]],
  // Says nothing: the kind of the queue.
  known: [['eventSource']],
})

const reject = (reason: string, path?: string): Mapped => ({
  rejection: { reason, ...(path !== undefined && { path }) },
})

const map = (parsed: unknown, context: RecordContext): Mapped =>
  mapJsonRecord(parsed, context, mapObject)

const mapObject = (record: JsonObject): Mapped => {
  const received = readReceived(record)
  if (!received)
    return isName(record['messageId'])
      ? reject('queue_arn_missing', 'eventSourceARN')
      : reject('message_id_missing', 'messageId')
  const { identity, isRedriven, sentAt } = received
  if (sentAt === undefined) return reject(whyNoTime(record), 'attributes.SentTimestamp')
  const micros = sentAt * 1000
  const values = compiled.write({ record, identity, micros, isRedriven })
  return { rows: [{ table, timeMicros: micros, values }] }
}

const isName = (value: unknown): boolean => typeof value === 'string' && value !== ''

const whyNoTime = ({ attributes }: JsonObject): string =>
  isObject(attributes) && !isAbsent(attributes['SentTimestamp'])
    ? 'timestamp_invalid'
    : 'timestamp_missing'

/** Messages of SQS, whatever their bodies are. */
export const sqsMessages: Dataset = {
  name: 'sqs_messages',
  version: 1,
  description:
    'Messages of SQS as Lambda receives them, one row each; bodies are not read. Values that fit no column are in _rescued.',
  rejections: {
    ...recordRejections,
    message_id_missing: 'messageId is absent, or no text',
    queue_arn_missing: 'eventSourceARN is absent, or no text',
    timestamp_missing: 'no SentTimestamp',
    timestamp_invalid: 'SentTimestamp is no time in ms, 2001 to 2096',
  },
  tables: [
    {
      name: table,
      description: 'Messages of SQS, one row each',
      columns: compiled.columns,
      paths: compiled.paths,
      orderBy: ['queue_arn', 'timestamp'],
      indexes: [{ column: 'message_id', type: 'bloom_filter', granularity: 4 }],
      views: [],
    },
  ],
  map,
}
