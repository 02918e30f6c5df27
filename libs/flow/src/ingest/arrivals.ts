import { describeBulk, readBulkFields } from '../checkup/asked.ts'
import type { Arrival } from './ingest.ts'

/** Why an event names nothing to load. */
export type IgnoredReason = 'not-a-creation' | 'test-event'

/** What one event says. Anything it names that could not be understood is in `unknown` and MUST NOT be acknowledged. */
export interface Arrivals {
  readonly arrivals: readonly Arrival[]
  readonly ignored: readonly IgnoredReason[]
  /** Reasons, without content of the event but for names of places. */
  readonly unknown: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

/** SNS in SNS and the like; deeper nesting is refused. */
const nestingMax = 4
/** Major version of S3's event records this reader knows; minor versions only add fields. */
const s3EventMajor = '2'
const eventBridgeMajor = '0'

/**
 * Every shape an object's arrival may have: S3 notification, SNS (envelope in a body, or Lambda's own), EventBridge, what Lambda
 * sends to the on-failure destination of a function it gave an event up for, `{bucket, key, versionId?}`, `s3:TestEvent`. Native S3 keys are form-encoded and get decoded; the others are taken as they are.
 */
export const readArrivals = (event: unknown): Arrivals => readEvent(event, nestingMax)

/** The same from JSON text: the body of an SQS message. */
export const readArrivalsText = (text: string): Arrivals => readText(text, nestingMax)

const readText = (text: string, nesting: number): Arrivals => {
  const event = parse(text)
  return event === undefined ? unknown('the text is not JSON') : readEvent(event, nesting)
}

const readEvent = (event: unknown, nesting: number): Arrivals => {
  if (nesting === 0) return unknown(`envelopes are nested deeper than ${nestingMax}`)
  if (!isFields(event)) return unknown('the event is not a JSON object')
  if (Array.isArray(event['Records'])) return readRecords(event['Records'], nesting)
  if (event['Event'] === 's3:TestEvent') return ignored('test-event')
  if (typeof event['Message'] === 'string') return readText(event['Message'], nesting - 1)
  if ('detail-type' in event) return readEventBridge(event)
  if (isFields(event['requestContext']) && 'requestPayload' in event)
    return readEvent(event['requestPayload'], nesting - 1)
  if (readBulkFields(event).length > 0) return unknown(describeBulk(event))
  if (typeof event['bucket'] === 'string' && typeof event['key'] === 'string')
    return readRequest(event)
  return unknown('not an S3, SNS or EventBridge event, nor {bucket, key}')
}

const readRecords = (records: readonly unknown[], nesting: number): Arrivals => {
  if (records.length === 0) return unknown('Records is empty')
  const all = records.map((record) => readRecord(record, nesting))
  return {
    arrivals: all.flatMap(({ arrivals }) => arrivals),
    ignored: all.flatMap((one) => one.ignored),
    unknown: all.flatMap((one) => one.unknown),
  }
}

const readRecord = (record: unknown, nesting: number): Arrivals => {
  if (!isFields(record)) return unknown('a record is not a JSON object')
  const sns = record['Sns']
  if (isFields(sns) && typeof sns['Message'] === 'string')
    return readText(sns['Message'], nesting - 1)
  return isFields(record['s3'])
    ? readS3Record(record, record['s3'])
    : unknown('a record is not of S3 or SNS')
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
const readS3Record = (record: Fields, s3: Fields): Arrivals => {
  const version = record['eventVersion']
  if (version !== undefined && majorOf(version) !== s3EventMajor)
    return unknown(`S3 event version ${String(version).slice(0, 16)}, known is ${s3EventMajor}.x`)
  const name = record['eventName']
  if (typeof name !== 'string') return unknown('an S3 record has no eventName')
  if (!/^(s3:)?ObjectCreated:/.test(name)) return ignored('not-a-creation')
  const { bucket, object } = s3
  if (!isFields(bucket) || !isFields(object) || typeof object['key'] !== 'string')
    return unknown('an S3 record names no object')
  const key = decodeKey(object['key'])
  if (key === undefined) return unknown('the key of an S3 record is not form-encoded')
  return arrivalOf(bucket['name'], key, { ...object, etag: object['eTag'] })
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; keys are not encoded. */
const readEventBridge = (event: Fields): Arrivals => {
  if (event['source'] !== 'aws.s3') return unknown('an EventBridge event that is not from aws.s3')
  if (event['detail-type'] !== 'Object Created') return ignored('not-a-creation')
  const detail = event['detail']
  if (!isFields(detail) || !isFields(detail['bucket']) || !isFields(detail['object']))
    return unknown('an EventBridge event names no object')
  const version = detail['version']
  if (version !== undefined && majorOf(version) !== eventBridgeMajor)
    return unknown(`EventBridge detail version ${String(version).slice(0, 16)}, known is 0`)
  const { bucket, object } = detail
  return arrivalOf(bucket['name'], object['key'], { ...object, versionId: object['version-id'] })
}

/**
 * Asked for by name. Only a versionId is believed; an etag is asked from S3, because in a versioned bucket the etag does not
 * name the object.
 */
const readRequest = ({ bucket, key, versionId, ...more }: Fields): Arrivals => {
  if (more['dry_run'])
    return unknown(
      'dry_run is for function transform, with the same bucket and key; nothing was sent',
    )
  if (more['_test_mode'] || more['_test_body'] !== undefined)
    return unknown('no body is taken in place of an object (_test_mode); nothing was sent')
  return arrivalOf(bucket, key, { versionId })
}

const arrivalOf = (bucket: unknown, key: unknown, more: Fields): Arrivals => {
  if (!isText(bucket) || !isText(key)) return unknown('bucket or key is missing')
  const { versionId, etag, size, sequencer } = more
  const arrival: Arrival = {
    facts: {
      bucket,
      key,
      ...(isText(versionId) && { versionId }),
      ...(isText(etag) && { etag }),
    },
    ...(typeof size === 'number' && { sizeBytes: size }),
    ...(isText(sequencer) && { sequencer }),
  }
  return { arrivals: [arrival], ignored: [], unknown: [] }
}

const decodeKey = (key: string): string | undefined => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const majorOf = (version: unknown): string => String(version).split('.', 1)[0] ?? ''
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const unknown = (reason: string): Arrivals => ({ arrivals: [], ignored: [], unknown: [reason] })
const ignored = (reason: IgnoredReason): Arrivals => ({
  arrivals: [],
  ignored: [reason],
  unknown: [],
})
