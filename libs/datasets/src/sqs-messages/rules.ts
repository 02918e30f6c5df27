import type { MessageRef } from '@silversmith/core'
import { type Read, readPlainText } from '../read.ts'
import type { Facts, Rule } from '../rule.ts'
import { isWithin, plausibleTimes } from '../timestamp.ts'
import { attributeType, md5OfSenders, messageAttributes, systemAttributes } from './attributes.ts'

/** A message with what its columns share. */
export interface ReceivedFacts extends Facts {
  readonly identity: MessageRef
  /** When it was first sent. */
  readonly micros: number
  /** A redrive of ours sent it again, with an attribute of its own. */
  readonly isRedriven: boolean
}

type ReceivedRule = Rule<ReceivedFacts>

const column = (
  name: string,
  type: ReceivedRule['type'],
  description: string,
  from: ReceivedRule['from'],
  settings: Partial<Pick<ReceivedRule, 'read' | 'reads' | 'nullable'>> = {},
): ReceivedRule => ({ name, type, nullable: true, description, from, ...settings })

const always = { nullable: false } as const
const textMap = { map: { type: 'text', nullable: false } } as const
const attributeMap = { map: { type: attributeType, nullable: false } } as const

/** Epoch ms → microseconds; undefined when it is not plausible. */
const readMillis: Read = (value) => {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined
  const micros = value * 1000
  return isWithin(plausibleTimes, micros) ? micros : undefined
}

const dayMicros = 86_400_000_000

const readMillisAsDay: Read = (value) => {
  const micros = readMillis(value)
  return typeof micros === 'number' ? Math.floor(micros / dayMicros) : undefined
}

export const messageRules: readonly ReceivedRule[] = [
  column(
    'timestamp',
    'timestamp',
    'When the message was first sent (SentTimestamp)',
    ({ micros }) => micros,
    { ...always, reads: [['attributes', 'SentTimestamp']] },
  ),
  column(
    'message_id',
    'text',
    'Id SQS gave the message when it was first sent',
    ({ identity }) => identity.messageId,
    { ...always, reads: [['messageId']] },
  ),
  column(
    'receipt_handle',
    'text',
    'Receipt handle of the receive that was loaded; only where STORE_RECEIPT_HANDLE is set',
    [['receiptHandle']],
  ),
  column('body', 'text', 'Body, as sent', [['body']], always),
  column('md5_of_body', 'text', 'MD5 of the body, by SQS', [['md5OfBody']]),
  column(
    'md5_of_message_attributes',
    'text',
    "MD5 of the sender's attributes, as SQS told the sender",
    ({ record, isRedriven }, rescue) => {
      if (isRedriven) return md5OfSenders(record['messageAttributes']) ?? null
      const md5 = record['md5OfMessageAttributes'] ?? null
      const text = readPlainText(md5)
      if (text === undefined && md5 !== null) rescue('md5OfMessageAttributes', md5)
      return text ?? null
    },
    { reads: [['md5OfMessageAttributes']] },
  ),
  column(
    'attributes',
    textMap,
    'System attributes of the receive that was loaded, such as SentTimestamp and MessageGroupId',
    ({ record }, rescue) => systemAttributes(record, rescue),
    { ...always, reads: [['attributes']] },
  ),
  column(
    'message_attributes',
    attributeMap,
    "The sender's attributes; binary values are the bytes that were sent",
    ({ record, isRedriven }, rescue) => messageAttributes(record, isRedriven, rescue),
    { ...always, reads: [['messageAttributes']] },
  ),
  column(
    'queue_arn',
    'category',
    'Queue the message was first sent to',
    ({ identity }) => identity.queueArn,
    { ...always, reads: [['eventSourceARN']] },
  ),
  column('aws_region', 'category', 'Region of its queue', [['awsRegion']]),
  column(
    'ingested_at',
    'timestamp',
    'When the receive that was loaded came to transform',
    [['ingestedAt']],
    { read: readMillis },
  ),
  column('ingested_date', 'date', 'UTC day of ingested_at', [['ingestedAt']], {
    read: readMillisAsDay,
  }),
]
