import { createHash } from 'node:crypto'

/** One immutable version of one stored object. */
export interface ObjectRef {
  readonly bucket: string
  /** Decoded: the key as S3 stores it, never the form-encoded one of a native notification. */
  readonly key: string
  /** The versionId where the bucket has one for this object, else the etag without quotes. */
  readonly version: string
  /** Says which of the two `version` is: true → read by versionId, false → read with If-Match. */
  readonly versioned: boolean
}

/** What any route (event, listing, HEAD, manifest) may know of an object before it is identified. */
export interface ObjectFacts {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | null | undefined
  readonly etag?: string | null | undefined
}

/**
 * The one function that says which object a route means, so that a live event, a listing and a replay of the same
 * version agree. An empty, null or `'null'` versionId is none: the null version of a suspended bucket can be overwritten
 * in place, so only its etag names its bytes.
 *
 * Returns undefined when neither a version nor an etag is known: the caller must HEAD the object first.
 */
export const identify = (facts: ObjectFacts): ObjectRef | undefined => {
  const { bucket, key, versionId } = facts
  if (versionId && versionId !== 'null') return { bucket, key, version: versionId, versioned: true }
  const etag = facts.etag?.replace(/^W\//, '').replaceAll('"', '')
  return etag ? { bucket, key, version: etag, versioned: false } : undefined
}

/** One raw message of a queue, where messages are sources themselves. */
export interface MessageRef {
  /** Of the queue it was first sent to. */
  readonly queueArn: string
  readonly messageId: string
}

/** What a receive, or an event source mapping, tells of a message. */
export interface MessageFacts {
  /** Of the queue it was received from. */
  readonly queueArn: string
  readonly messageId: string
  /** SQS' system attribute of that name: in a dead-letter queue, the queue the message died in. */
  readonly deadLetterQueueSourceArn?: string | undefined
  /** Text of its message attribute `firstIdentityAttribute`. */
  readonly firstIdentity?: string | undefined
}

/** What a redrive of ours hands on. */
export interface FirstIdentity extends MessageRef {
  /** Epoch ms at which it was first sent. */
  readonly sentAt?: number
}

/**
 * A message as an object, so that claims, manifests and rows know it like any other source: its bucket is the ARN of its queue,
 * which no bucket of S3 can be called, and it never has a second version.
 */
export const objectOfMessage = ({ queueArn, messageId }: MessageRef): ObjectRef => ({
  ...{ bucket: queueArn, key: messageId, version: '1', versioned: false },
})

/** Message attribute by which a redrive of ours hands a message's identity on, for SQS gives what is sent again a new id. */
export const firstIdentityAttribute = 'silversmith-first'

/**
 * The one function that says which message a receive means: the same from its queue, from its dead-letter queue and after a
 * redrive of ours. A console redrive mints a new id and tells nothing of the first: it is another message then.
 */
export const identifyMessage = (facts: MessageFacts): MessageRef => {
  const { queueArn, messageId, deadLetterQueueSourceArn, firstIdentity } = facts
  const first = readFirstIdentity(firstIdentity)
  if (first) return { queueArn: first.queueArn, messageId: first.messageId }
  return { queueArn: deadLetterQueueSourceArn || queueArn, messageId }
}

/** Text of `firstIdentityAttribute`: `<queue ARN> <message id>[ <epoch ms>]`. */
export const writeFirstIdentity = ({ queueArn, messageId, sentAt }: FirstIdentity): string =>
  [queueArn, messageId, ...(sentAt === undefined ? [] : [sentAt])].join(' ')

/** Undefined: that is no text of ours. Its time is one of thirteen digits, as SQS writes them for the years 2001 to 2096. */
export const readFirstIdentity = (text: string | undefined): FirstIdentity | undefined => {
  const [, queueArn, messageId, sentAt] =
    /^(arn:\S+) (\S+)(?: ([1-3]\d{12}))?$/.exec(text ?? '') ?? []
  if (queueArn === undefined || messageId === undefined) return undefined
  return { queueArn, messageId, ...(sentAt !== undefined && { sentAt: Number(sentAt) }) }
}

/** True: it is a message in the guise of an object. */
export const isMessage = ({ bucket }: Pick<ObjectRef, 'bucket'>): boolean =>
  /^arn:[^:]*:sqs:/.test(bucket)

/** Name of an object for people, logs and rows: `s3://bucket/key`; of a message `<queue ARN>/<message id>`. */
export const objectUri = ({ bucket, key }: Pick<ObjectRef, 'bucket' | 'key'>): string =>
  isMessage({ bucket }) ? `${bucket}/${key}` : `s3://${bucket}/${key}`

/** What an `objectUri` names; undefined: it is none. */
export const readObjectUri = (uri: string): Pick<ObjectRef, 'bucket' | 'key'> | undefined => {
  const [, bucket, key] = /^(?:s3:\/\/)?([^/]+)\/(.+)$/s.exec(uri) ?? []
  if (bucket === undefined || key === undefined) return undefined
  return objectUri({ bucket, key }) === uri ? { bucket, key } : undefined
}

/** 32 hex characters that name a source within a pipeline; the key of its claim. */
export const sourceIdOf = (pipeline: string, object: ObjectRef): string =>
  createHash('sha256')
    .update(JSON.stringify([pipeline, 'object', object.bucket, object.key, object.version]))
    .digest('hex')
    .slice(0, 32)

/** S3 gives 16 to 18 digits. */
const sequencerDigits = 32

/**
 * A sequencer of S3 (hexadecimal, of any length up to 32 digits) as a text whose order is the order of the writes to one key,
 * also where a database compares texts. Pages of AWS disagree on which side a shorter one is padded; as numbers those of
 * native events (`00617F…`) and of EventBridge (`617f…`) agree.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const sortableSequencer = (sequencer: string): string =>
  sequencer.toLowerCase().padStart(sequencerDigits, '0')

/** Work for transform: one object, the dataset its route chose, and how often it was deliberately reloaded. */
export interface Source {
  readonly id: string
  readonly object: ObjectRef
  /** Undefined: no route accepted the object; it is sealed with disposition `unrouted`. */
  readonly dataset: string | undefined
  readonly generation: number
  /** Of the write, as its event told it; only events know it. Orders the versions that S3 dates to the same second. */
  readonly sequencer?: string
  /** What a message brought with it; an object's bytes are in bronze. */
  readonly content?: MessageContent
  /** Where a replay copied its bytes to. */
  readonly copy?: ObjectCopy
}

/** The same bytes under another name, should the object itself be gone. It is no source of its own. */
export interface ObjectCopy {
  readonly object: ObjectRef
  /** Epoch ms, of the object it is a copy of. */
  readonly lastModified: number
}

/** A message is its own bytes: once it is acknowledged they are nowhere else. */
export interface MessageContent {
  /** One record, JSON. */
  readonly bytes: Buffer
  /** Epoch ms. */
  readonly sentAt: number
}

/** What travels on the objects queue. */
export type ObjectsMessage =
  | { readonly kind: 'source'; readonly source: Source }
  | { readonly kind: 'batch'; readonly batch: string }
  /** Asks whether a target that rested takes rows again. */
  | { readonly kind: 'probe'; readonly target: string }

const messageVersion = 1

/**
 * Shape on the wire: `{v, pipeline, bucket, key, version, versioned, dataset?, generation, sequencer?, copy?}` `{v, pipeline, batch}`
 * or `{v, pipeline, probe}`; `copy` is `{bucket, key, version, versioned, lastModified}`.
 */
export const writeObjectsMessage = (pipeline: string, message: ObjectsMessage): string => {
  if (message.kind === 'batch')
    return writeAscii({ v: messageVersion, pipeline, batch: message.batch })
  if (message.kind === 'probe')
    return writeAscii({ v: messageVersion, pipeline, probe: message.target })
  const { object, dataset, generation, sequencer, copy: found } = message.source
  const copy = found && { ...found.object, lastModified: found.lastModified }
  return writeAscii({
    v: messageVersion,
    pipeline,
    ...object,
    dataset,
    generation,
    sequencer,
    copy,
  })
}

/** SQS takes no U+FFFE, U+FFFF or control characters, which keys may have; as escapes they pass everywhere. */
const writeAscii = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Rows carry it as uint32. */
const isGeneration = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32

const isSequencer = (value: unknown): value is string =>
  typeof value === 'string' && /^[\da-f]{1,32}$/i.test(value)

/** Trusts nothing but the shape and computes the id again: a message cannot lie about itself. Undefined: not one of ours. */
export const readObjectsMessage = (pipeline: string, body: string): ObjectsMessage | undefined => {
  const parsed = parseObject(body)
  if (!parsed || parsed['v'] !== messageVersion || parsed['pipeline'] !== pipeline) return undefined
  if (isName(parsed['batch'])) return { kind: 'batch', batch: parsed['batch'] }
  if (isName(parsed['probe'])) return { kind: 'probe', target: parsed['probe'] }
  const { dataset, generation, sequencer } = parsed
  const object = readRef(parsed)
  if (!object || !isGeneration(generation)) return undefined
  const copy = readCopy(parsed['copy'])
  return {
    kind: 'source',
    source: {
      id: sourceIdOf(pipeline, object),
      object,
      dataset: typeof dataset === 'string' ? dataset : undefined,
      generation,
      ...(isSequencer(sequencer) && { sequencer }),
      ...(copy && { copy }),
    },
  }
}

const readRef = (fields: Record<string, unknown>): ObjectRef | undefined => {
  const { bucket, key, version, versioned } = fields
  if (!isName(bucket) || !isName(key) || !isName(version)) return undefined
  return typeof versioned === 'boolean' ? { bucket, key, version, versioned } : undefined
}

const readCopy = (value: unknown): ObjectCopy | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const { lastModified, ...fields } = value as Record<string, unknown>
  const object = readRef(fields)
  return object && Number.isSafeInteger(lastModified)
    ? { object, lastModified: lastModified as number }
    : undefined
}

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
