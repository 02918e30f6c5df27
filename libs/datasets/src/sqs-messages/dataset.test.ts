import { createHash } from 'node:crypto'
import { firstIdentityAttribute, type Value, writeFirstIdentity } from '@silversmith/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sqsMessages } from './dataset.ts'

const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:orders'

const rowOf = (record: object): Readonly<Record<string, Value>> => {
  const mapped = sqsMessages.map(JSON.parse(JSON.stringify(record)), { hash: '' })
  if (!('rows' in mapped)) throw new Error(JSON.stringify(mapped))
  const [row] = mapped.rows
  const columns = sqsMessages.tables[0]?.columns ?? []
  return Object.fromEntries(columns.map(({ name }, at) => [name, row?.values[at] ?? null]))
}

const recordOf = (messageAttributes: object, more: object = {}): object => ({
  ...{ messageId: 'm2', body: '', eventSourceARN: queueArn, messageAttributes },
  attributes: { SentTimestamp: '1767607871000' },
  ...more,
})

const attributesOf = (row: Readonly<Record<string, Value>>) =>
  row['message_attributes'] as ReadonlyMap<string, Readonly<Record<string, Value>>>

it('002-1: binary attributes are the bytes that were sent, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const binaryValue = Buffer.from(bytes).toString('base64')
      const row = rowOf(recordOf({ any: { binaryValue, dataType: 'Binary' } }))
      const found = attributesOf(row).get('any')?.['binary_value'] as Uint8Array
      expect(Buffer.from(found).equals(bytes)).toBe(true)
      expect(row['_rescued']).toBeNull()
    }),
  )
})

it('002-10: queue and region are those of each message, and no receipt handle is made up', () => {
  const other = 'arn:aws:sqs:us-east-2:123456789012:parcels'
  const first = rowOf(recordOf({}, { awsRegion: 'eu-west-1' }))
  const second = rowOf(recordOf({}, { eventSourceARN: other, awsRegion: 'us-east-2' }))
  expect([first['queue_arn'], first['aws_region']]).toEqual([queueArn, 'eu-west-1'])
  expect([second['queue_arn'], second['aws_region']]).toEqual([other, 'us-east-2'])
  expect(first['receipt_handle']).toBeNull()
})

it('text that UTF-8 cannot hold is rescued, in names too, and never changed', () => {
  const half = '\ud800'
  const row = rowOf({
    ...recordOf(
      { a: { stringValue: half, dataType: 'String' }, [half]: { stringValue: 'x' }, __proto_: 1 },
      { body: half, md5OfMessageAttributes: half },
    ),
    attributes: { SentTimestamp: '1767607871000', SenderId: half, [half]: 'x' },
  })
  expect([...attributesOf(row)].map(([name, { string_value }]) => [name, string_value])).toEqual([
    ['a', null],
  ])
  expect([...(row['attributes'] as ReadonlyMap<string, string>).keys()]).toEqual(['SentTimestamp'])
  expect([row['body'], row['md5_of_message_attributes']]).toEqual(['', null])
  expect(JSON.parse(String(row['_rescued']))).toEqual({
    'messageAttributes.a.stringValue': half,
    [`messageAttributes["\\ud800"]`]: { stringValue: 'x' },
    'messageAttributes.__proto_': 1,
    body: half,
    md5OfMessageAttributes: half,
    'attributes.SenderId': half,
    [`attributes["\\ud800"]`]: 'x',
  })
})

it('list values are kept all or none, for one left out would move the others', () => {
  const row = rowOf(
    recordOf({ a: { stringListValues: ['x', 7, 'y'], binaryListValues: ['AA==', '!', 'AQ=='] } }),
  )
  const { string_list_values, binary_list_values } = attributesOf(row).get('a') ?? {}
  expect([string_list_values, binary_list_values]).toEqual([[], []])
  expect(JSON.parse(String(row['_rescued']))).toEqual({
    'messageAttributes.a.stringListValues': ['x', 7, 'y'],
    'messageAttributes.a.binaryListValues': ['AA==', '!', 'AQ=='],
  })
})

it('002-12: days of ingestion do not overflow in 2038', () => {
  const ingestedAt = Date.UTC(2038, 0, 20)
  const row = rowOf(recordOf({}, { ingestedAt }))
  expect(row['ingested_date']).toBe(ingestedAt / 86_400_000)
  expect(row['ingested_at']).toBe(ingestedAt * 1000)
})

it('a message that a redrive of ours sent again makes the row of its first sending', () => {
  const attributes = {
    trace: { stringValue: 'ø', dataType: 'String' },
    // Names are ordered by their bytes.
    Zone: { stringValue: 'z', dataType: 'String' },
    bytes: { binaryValue: 'AAEC', dataType: 'Binary.raw' },
  }
  const received = { body: 'b', md5OfBody: 'm', awsRegion: 'eu-west-1', ingestedAt: 1767607872000 }
  const sentAt = 1767000000123
  const direct = rowOf({
    ...recordOf(attributes, { ...received, messageId: 'm1' }),
    attributes: { SentTimestamp: String(sentAt) },
    md5OfMessageAttributes: md5Of(
      ['Zone', 'String', 1, 'z'],
      ['bytes', 'Binary.raw', 2, '\u0000\u0001\u0002'],
      trace,
    ),
  })
  const stringValue = writeFirstIdentity({ queueArn, messageId: 'm1', sentAt })
  const ours = { [firstIdentityAttribute]: { stringValue, dataType: 'String' } }
  const redriven = rowOf({
    ...recordOf({ ...ours, ...attributes }, received),
    attributes: { SentTimestamp: String(sentAt) },
    md5OfMessageAttributes: 'covers ours, too',
  })
  expect(redriven).toEqual(direct)
})

const trace = ['trace', 'String', 1, 'ø'] as const

/** As AWS tells it: length and bytes of name, type and value, in the order of the names. */
const md5Of = (...parts: readonly (readonly [string, string, number, string])[]): string => {
  const hash = createHash('md5')
  const add = (text: string): void => {
    const bytes = Buffer.from(text)
    hash.update(Uint8Array.of(0, 0, 0, bytes.length)).update(bytes)
  }
  for (const [name, type, transport, value] of parts) {
    add(name)
    add(type)
    hash.update(Uint8Array.of(transport))
    add(value)
  }
  return hash.digest('hex')
}
