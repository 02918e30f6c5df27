import type { Dataset, Mapped, RecordContext } from '@silversmith/core'
import { identifyMessage, readFirstIdentity, readMessageFacts } from '@silversmith/core'
import { isAbsent, isObject, type JsonObject } from '../json.ts'
import { mapWithDigits } from '../rounded-number.ts'
import { compileRules } from '../rule.ts'
import { messageRules, readMillis } from './rules.ts'

const table = 'sqs_messages'
const compiled = compileRules(messageRules)

const reject = (reason: string, path?: string): Mapped => ({
  rejection: { reason, ...(path !== undefined && { path }) },
})

const map = (parsed: unknown, { text }: RecordContext): Mapped =>
  isObject(parsed) ? mapWithDigits(parsed, text, mapObject) : reject('not_an_object')

const mapObject = (record: JsonObject): Mapped => {
  const facts = readMessageFacts(record)
  if (!facts)
    return typeof record['messageId'] === 'string' && record['messageId'] !== ''
      ? reject('queue_arn_missing', 'eventSourceARN')
      : reject('message_id_missing', 'messageId')
  const first = readFirstIdentity(facts.firstIdentity)
  const sent = first?.sentAt ?? sentTimestampOf(record)
  const micros = readMillis(sent)
  if (typeof micros !== 'number')
    return reject(
      isAbsent(sent) ? 'timestamp_missing' : 'timestamp_invalid',
      'attributes.SentTimestamp',
    )
  const identity = identifyMessage(facts)
  const values = compiled.write({ record, identity, micros, isRedriven: first !== undefined })
  return { rows: [{ table, timeMicros: micros, values }] }
}

const sentTimestampOf = ({ attributes }: JsonObject): unknown =>
  isObject(attributes) ? attributes['SentTimestamp'] : undefined

/** Messages of SQS, whatever their bodies are. */
export const sqsMessages: Dataset = {
  name: 'sqs_messages',
  version: 1,
  description:
    'Messages of SQS as Lambda receives them, one row each; bodies are not read. Rejected: not_an_object, message_id_missing, queue_arn_missing, timestamp_missing, timestamp_invalid (SentTimestamp is no time from 2000 to 2099). Values that fit no column are in _rescued.',
  tables: [
    {
      name: table,
      description: 'Messages of SQS, one row each',
      columns: compiled.columns,
      orderBy: ['queue_arn', 'timestamp'],
      indexes: [{ column: 'message_id', type: 'bloom_filter', granularity: 4 }],
      views: [],
    },
  ],
  map,
}
