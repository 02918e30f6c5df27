import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  identify,
  identifyMessage,
  objectUri,
  readObjectsMessage,
  readObjectUri,
  sourceIdOf,
  writeFirstIdentity,
  writeObjectsMessage,
} from './source.ts'

describe('the identity of an object', () => {
  test.each([
    ['a versionId', { versionId: 'v1', etag: '"e"' }, { version: 'v1', versioned: true }],
    ['no versionId', { etag: '"e"' }, { version: 'e', versioned: false }],
    ['an empty versionId', { versionId: '', etag: 'e' }, { version: 'e', versioned: false }],
    [
      'the null version of a suspended bucket',
      { versionId: 'null', etag: 'e' },
      { version: 'e', versioned: false },
    ],
    ['a weak etag', { etag: 'W/"e"' }, { version: 'e', versioned: false }],
  ])('with %s is told by it', (_, facts, expected) => {
    expect(identify({ bucket: 'b', key: 'k', ...facts })).toEqual({
      bucket: 'b',
      key: 'k',
      ...expected,
    })
  })

  test('without version and etag is unknown', () => {
    expect(identify({ bucket: 'b', key: 'k', versionId: null, etag: null })).toBeUndefined()
  })

  test('differs between pipelines, and by bucket, key and version, wherever their borders are', () => {
    const ids = [
      sourceIdOf('p', { bucket: 'b', key: 'k', version: 'v', versioned: true }),
      sourceIdOf('q', { bucket: 'b', key: 'k', version: 'v', versioned: true }),
      sourceIdOf('p', { bucket: 'bk', key: '', version: 'v', versioned: true }),
      sourceIdOf('p', { bucket: 'b', key: 'kv', version: '', versioned: true }),
    ]
    expect(new Set(ids).size).toBe(4)
  })
})

describe('the name of a source', () => {
  test.each([
    [{ bucket: 'b', key: 'a b/ø\n.jsonl' }, 's3://b/a b/ø\n.jsonl'],
    [{ bucket: 'b', key: '/arn:aws:sqs:' }, 's3://b//arn:aws:sqs:'],
    [{ bucket: 'arn:aws:sqs:r:1:q', key: 'm1' }, 'arn:aws:sqs:r:1:q/m1'],
    [{ bucket: 'arn:aws-cn:sqs:r:1:q.fifo', key: 'm1' }, 'arn:aws-cn:sqs:r:1:q.fifo/m1'],
  ])('%j is %s, and is read from it', (object, uri) => {
    expect(objectUri(object)).toBe(uri)
    expect(readObjectUri(uri)).toEqual(object)
  })

  test.each([
    '',
    'b/k',
    's3://',
    's3://b',
    's3://b/',
    's3:///k',
    'arn:aws:sqs:r:1:q',
    's3://arn:aws:sqs:r:1:q/m',
  ])('is not read from %s', (text) => expect(readObjectUri(text)).toBeUndefined())
})

describe('the identity of a message', () => {
  const queueArn = 'arn:aws:sqs:us-east-1:1:events'
  const deadArn = 'arn:aws:sqs:us-east-1:1:events-dlq'
  const first = identifyMessage({ queueArn, messageId: 'm1' })

  test('is the same from its queue, from its dead-letter queue and after a redrive of ours', () => {
    expect(first).toEqual({ queueArn, messageId: 'm1' })
    const dead = { queueArn: deadArn, messageId: 'm1', deadLetterQueueSourceArn: queueArn }
    expect(identifyMessage(dead)).toEqual(first)
    const redriven = { queueArn, messageId: 'm2', firstIdentity: writeFirstIdentity(first) }
    expect(identifyMessage(redriven)).toEqual(first)
    const deadAgain = { ...dead, messageId: 'm2', firstIdentity: writeFirstIdentity(first) }
    expect(identifyMessage(deadAgain)).toEqual(first)
  })

  test('is another one after a console redrive, which brings a new id and nothing of the first', () => {
    expect(identifyMessage({ queueArn, messageId: 'm2' })).not.toEqual(first)
  })

  test('is told by the message itself where the attribute is none of ours', () => {
    for (const firstIdentity of ['', 'm0', `${queueArn} `, `x ${queueArn} m0`, 'a\nb'])
      expect(identifyMessage({ queueArn, messageId: 'm1', firstIdentity })).toEqual(first)
    expect(identifyMessage({ queueArn, messageId: 'm1', deadLetterQueueSourceArn: '' })).toEqual(
      first,
    )
  })
})

describe('an objects message', () => {
  test('brings any key through in plain ASCII, and its id is computed anew', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ minLength: 1 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 4_294_967_295 }),
        (key, version, versioned, generation) => {
          const object = { bucket: 'b', key, version, versioned }
          const source = { id: 'a lie', object, dataset: 'd', generation }
          const body = writeObjectsMessage('p', { kind: 'source', source })
          expect(body).toMatch(/^[\x20-\x7e]*$/)
          expect(readObjectsMessage('p', body)).toEqual({
            kind: 'source',
            source: { ...source, id: sourceIdOf('p', object) },
          })
        },
      ),
    )
  })

  test('brings the name of a batch through', () => {
    const message = { kind: 'batch', batch: '01B' } as const
    const body = writeObjectsMessage('p', message)
    expect(readObjectsMessage('p', body)).toEqual(message)
    expect(readObjectsMessage('q', body)).toBeUndefined()
  })

  const ofSource = (changes: object): string => {
    const object = { bucket: 'b', key: 'k', version: 'v', versioned: true }
    return JSON.stringify({ v: 1, pipeline: 'p', ...object, generation: 0, ...changes })
  }

  test.each([0, 4_294_967_295])('is read with generation %d', (generation) => {
    expect(readObjectsMessage('p', ofSource({ generation }))).toMatchObject({
      source: { generation },
    })
  })

  test.each([
    ['no JSON', 'oops'],
    ['another shape', '{"Records":[]}'],
    ['another version', '{"v":2,"pipeline":"p","batch":"b"}'],
    ['a batch of no pipeline', '{"v":1,"batch":"b"}'],
    ['a batch without name', '{"v":1,"pipeline":"p","batch":""}'],
    ['another pipeline', ofSource({ pipeline: 'q' })],
    ['an empty bucket', ofSource({ bucket: '' })],
    ['an empty key', ofSource({ key: '' })],
    ['an empty version', ofSource({ version: '' })],
    ['a version that is no text', ofSource({ version: 1 })],
    ['no word on versions', ofSource({ versioned: 'true' })],
    ['no generation', ofSource({ generation: undefined })],
    ['a generation below 0', ofSource({ generation: -1 })],
    ['a generation over 32 bits', ofSource({ generation: 4_294_967_296 })],
    ['a generation that is not whole', ofSource({ generation: 0.5 })],
    ['null', 'null'],
  ])('is not read from %s', (_, body) => {
    expect(readObjectsMessage('p', body)).toBeUndefined()
  })
})
