import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readArrivals, readArrivalsText } from './arrivals.ts'

const folder = fileURLToPath(new URL('../../../../examples/events/', import.meta.url))
const example = (name: string): unknown => JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8'))
const bodiesOf = (name: string): string[] =>
  (example(name) as { Records: { body: string }[] }).Records.map(({ body }) => body)

const video = {
  facts: {
    bucket: 'bronze',
    key: 'section/4021/video/2026-02-11T14-03-31.002211Z_9C1F6B0D4E7A45B2A3D8E6F701234567.jsonl',
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
  },
  sizeBytes: 2048,
  sequencer: '0055AED6DCD90281E5',
}
const page = {
  facts: {
    bucket: 'bronze',
    key: 'section/4021/page_viewed/2026-02-11T14-03-02.113004Z_0B7A9D9E6A564C0C9A0D7D1F0C3F1B22.jsonl',
    etag: '9b2cf535f27731c974343645a3985328',
  },
  sizeBytes: 2048,
  sequencer: '0055AED6DCD90281E6',
}
const versionId = '3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo'
const videoVersioned = { ...video, facts: { ...video.facts, versionId } }
const byName = { facts: { bucket: 'bronze', key: video.facts.key } }
const none = { arrivals: [], ignored: [], unknown: [] }

const direct: Record<string, object> = {
  s3: { ...none, arrivals: [video, page] },
  's3-versioned': { ...none, arrivals: [videoVersioned] },
  's3-encoded-key': {
    ...none,
    arrivals: [
      {
        ...video,
        facts: { ...video.facts, key: 'section/4021/video/red flower + 50% naïve.jsonl' },
        sequencer: '0055AED6DCD90281E7',
      },
    ],
  },
  's3-removed': { ...none, ignored: ['not-a-creation'] },
  's3-folder': {
    ...none,
    arrivals: [
      {
        facts: { ...video.facts, key: 'section/4021/video/' },
        sizeBytes: 0,
        sequencer: '0055AED6DCD90281E7',
      },
    ],
  },
  's3-test': { ...none, ignored: ['test-event'] },
  's3-in-sns': { ...none, arrivals: [video] },
  eventbridge: { ...none, arrivals: [video] },
  'eventbridge-versioned': { ...none, arrivals: [videoVersioned] },
  'eventbridge-removed': { ...none, ignored: ['not-a-creation'] },
  request: { ...none, arrivals: [byName] },
  'health-check': { ...none, unknown: ['not an S3, SNS or EventBridge event, nor {bucket, key}'] },
  diagnostics: { ...none, unknown: ['not an S3, SNS or EventBridge event, nor {bucket, key}'] },
  'dry-run': {
    ...none,
    unknown: ['dry_run is for function transform, with the same bucket and key; nothing was sent'],
  },
  bulk: { ...none, unknown: [expect.stringContaining('is for function bulk')] },
  'bulk-dry-run': { ...none, unknown: [expect.stringContaining('is for function bulk')] },
  backfill: { ...none, unknown: [expect.stringContaining('is for function bulk')] },
  'backfill-map': { ...none, unknown: [expect.stringContaining('is for function bulk')] },
  sweep: { ...none, unknown: ['not an S3, SNS or EventBridge event, nor {bucket, key}'] },
  reconcile: { ...none, unknown: ['not an S3, SNS or EventBridge event, nor {bucket, key}'] },
}

const queued: Record<string, object[]> = {
  's3-in-sqs': [
    { ...none, arrivals: [video] },
    { ...none, arrivals: [page] },
  ],
  's3-in-sns-in-sqs': [{ ...none, arrivals: [video] }],
  's3-in-raw-sns-in-sqs': [{ ...none, arrivals: [video] }],
  's3-test-in-sqs': [{ ...none, ignored: ['test-event'] }],
  's3-test-in-sns-in-sqs': [{ ...none, ignored: ['test-event'] }],
  's3-given-up-in-sqs': [{ ...none, arrivals: [video] }],
  'eventbridge-in-sqs': [{ ...none, arrivals: [video] }],
  'request-in-sqs': [{ ...none, arrivals: [byName] }],
  'unknown-in-sqs': [
    { ...none, unknown: ['not an S3, SNS or EventBridge event, nor {bucket, key}'] },
    { ...none, unknown: ['the text is not JSON'] },
    { ...none, arrivals: [video] },
  ],
}

describe('every shape of arrival', () => {
  test.each(Object.entries(direct))('is read when invoked with it: %s', (name, arrivals) => {
    expect(readArrivals(example(name))).toEqual(arrivals)
  })

  test.each(Object.entries(queued))('is read from the bodies of a queue: %s', (name, arrivals) => {
    expect(bodiesOf(name).map(readArrivalsText)).toEqual(arrivals)
  })

  test('has a sample that is tested here', () => {
    const samples = readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.replace('.json', ''))
    expect(samples.toSorted()).toEqual([...Object.keys(direct), ...Object.keys(queued)].toSorted())
  })
})

describe('what asks for something else than a load', () => {
  const named = { bucket: 'bronze', key: 'section/1/a.jsonl' }
  test.each<[object, RegExp]>([
    [{ ...named, dry_run: true }, /^dry_run is for function transform/],
    [{ ...named, mode: 'bulk', section_id: 1 }, /asks for a bulk load \(mode\)/],
    [{ ...named, _test_mode: true, _test_body: '{}' }, /_test_mode\); nothing was sent$/],
    [{ section_id: 1 }, /asks for a bulk load \(section_id\)/],
  ])('001-15: is not loaded: %j', (event, reason) => {
    const { unknown, arrivals } = readArrivals(event)
    expect(arrivals).toEqual([])
    expect(unknown).toEqual([expect.stringMatching(reason)])
  })
})

const s3Record = (object: object, more: object = {}): unknown => ({
  Records: [
    {
      eventVersion: '2.3',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'bronze' }, object },
      ...more,
    },
  ],
})

const keyOf = (event: unknown): string | undefined => readArrivals(event).arrivals[0]?.facts.key

describe('keys', () => {
  test.each([
    ['a+b.jsonl', 'a b.jsonl'],
    ['a%2Bb.jsonl', 'a+b.jsonl'],
    ['a%2Fb%2Fc.jsonl', 'a/b/c.jsonl'],
    ['100%25.jsonl', '100%.jsonl'],
    ['%252F.jsonl', '%2F.jsonl'],
    ['%E6%97%A5%E6%9C%AC.jsonl', '日本.jsonl'],
    ['%F0%9F%A6%89.jsonl', '🦉.jsonl'],
    ['dt%3D2026-02-11/x%3Fy%23z.jsonl', 'dt=2026-02-11/x?y#z.jsonl'],
  ])('of S3 are decoded once: %s', (encoded, key) => {
    expect(keyOf(s3Record({ key: encoded }))).toBe(key)
  })

  test('of EventBridge and of requests by name are taken as they are', () => {
    const key = 'a+b%2Fc d/日本.jsonl'
    expect(keyOf({ bucket: 'bronze', key })).toBe(key)
    expect(
      keyOf({
        source: 'aws.s3',
        'detail-type': 'Object Created',
        detail: { version: '0', bucket: { name: 'bronze' }, object: { key } },
      }),
    ).toBe(key)
  })

  test('survive form encoding, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        const encoded = encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
        expect(keyOf(s3Record({ key: encoded }))).toBe(key)
      }),
    )
  })

  test('that are not form-encoded are unknown, not guessed', () => {
    expect(readArrivals(s3Record({ key: '50%.jsonl' }))).toEqual({
      ...none,
      unknown: ['the key of an S3 record is not form-encoded'],
    })
  })
})

describe('what was wrong with the seeds is right here', () => {
  test('000-16: deletions and test events are no objects, in whatever envelope', () => {
    const events = ['s3-removed', 'eventbridge-removed', 's3-test'].map(example)
    for (const event of events)
      for (const wrapped of [
        event,
        { Message: JSON.stringify(event) },
        { requestContext: {}, requestPayload: event },
      ])
        expect(readArrivals(wrapped)).toMatchObject({ arrivals: [], unknown: [] })
  })

  test('001-4: all records of an event are read, each with its key decoded', () => {
    const { Records: all } = example('s3') as { Records: object[] }
    const { Records: encoded } = example('s3-encoded-key') as { Records: object[] }
    const { arrivals } = readArrivals({ Records: [...all, ...encoded] })
    expect(arrivals.map(({ facts }) => facts.key)).toEqual([
      video.facts.key,
      page.facts.key,
      'section/4021/video/red flower + 50% naïve.jsonl',
    ])
  })
})

describe('what cannot be understood', () => {
  test.each([
    ['a later major version', s3Record({ key: 'a' }, { eventVersion: '3.0' })],
    ['a record without eventName', s3Record({ key: 'a' }, { eventName: undefined })],
    ['a record of another service', { Records: [{ eventSource: 'aws:kinesis' }] }],
    ['a record without key', s3Record({})],
    ['an empty key', { bucket: 'bronze', key: '' }],
    ['no records', { Records: [] }],
    ['text', 'hello'],
    ['null', null],
    ['a list', []],
    ['an EventBridge event of another service', { source: 'aws.ec2', 'detail-type': 'x' }],
    ['SNS without JSON', { Type: 'Notification', Message: 'hello' }],
  ])('is told: %s', (_, event) => {
    const { arrivals, ignored, unknown } = readArrivals(event)
    expect({ arrivals, ignored }).toEqual({ arrivals: [], ignored: [] })
    expect(unknown).toHaveLength(1)
  })

  test('does not hide its neighbours', () => {
    const { Records: good } = example('s3') as { Records: object[] }
    const event = { Records: [good[0], { eventSource: 'aws:kinesis' }, good[1]] }
    expect(readArrivals(event)).toEqual({
      ...none,
      arrivals: [video, page],
      unknown: ['a record is not of S3 or SNS'],
    })
  })

  test('ends envelopes within envelopes', () => {
    const wrap = (message: unknown): unknown => ({ Message: JSON.stringify(message) })
    expect(readArrivals(wrap(wrap(example('s3-test')))).ignored).toEqual(['test-event'])
    expect(readArrivals(wrap(wrap(wrap(wrap(example('s3')))))).unknown).toHaveLength(1)
  })

  test('never throws, whatever the event', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { arrivals, ignored, unknown } = readArrivalsText(text)
        expect(arrivals.length + ignored.length + unknown.length).toBeGreaterThan(0)
      }),
    )
  })
})

describe('versions', () => {
  test.each([{ versionId: null }, { versionId: '' }, {}])(
    'that are none are left out: %o',
    (more) => {
      const { arrivals } = readArrivals(s3Record({ key: 'a', eTag: 'e', ...more }))
      expect(arrivals).toEqual([{ facts: { bucket: 'bronze', key: 'a', etag: 'e' } }])
    },
  )

  test('of a request by name are believed, its etag is not', () => {
    const { arrivals } = readArrivals({ bucket: 'bronze', key: 'a', versionId: 'v', etag: 'e' })
    expect(arrivals).toEqual([{ facts: { bucket: 'bronze', key: 'a', versionId: 'v' } }])
  })
})
