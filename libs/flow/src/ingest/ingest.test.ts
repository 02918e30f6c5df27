import { type CopyMark, Fault, identify, readObjectsMessage } from '@silversmith/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Arrival, createIngest, type SendKey, type SendOnce } from './ingest.ts'

const routes = [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }]
const { signal } = new AbortController()

let sent: string[]
let asked: string[]
let keys: SendKey[]
let marks: Record<string, CopyMark>

beforeEach(() => {
  sent = []
  asked = []
  keys = []
  marks = {}
})

const every: SendOnce = async (key, send) => {
  keys.push(key)
  await send()
}

const ingestWith = (
  sendOnce: SendOnce = every,
  objects: Record<string, number> = {},
  buckets?: readonly string[],
) =>
  createIngest({
    buckets,
    pipeline: 'blue',
    routes,
    bronze: {
      head: (bucket, key) => {
        asked.push(key)
        const sizeBytes = objects[key]
        return sizeBytes === undefined
          ? Promise.reject(new Fault('OBJECT_GONE', `s3://${bucket}/${key} is not there`))
          : Promise.resolve({ bucket, key, version: 'v-head', versioned: true, sizeBytes })
      },
    },
    replay: {
      prefix: '_replay/',
      replicator: {
        look: (facts) => {
          const object = identify(facts)
          return object
            ? Promise.resolve({ object, sizeBytes: 1, mark: marks[facts.key] })
            : Promise.reject(new Fault('OBJECT_GONE', 'there is no such copy'))
        },
      },
    },
    queue: {
      send: (body) => {
        sent.push(body)
        return Promise.resolve()
      },
    },
    sendOnce,
  })

const arrivalOf = (key: string, more: Partial<Arrival> = {}): Arrival => ({
  facts: { bucket: 'bronze', key, etag: 'e1' },
  sequencer: '0A',
  sizeBytes: 10,
  ...more,
})

const messages = () => sent.map((body) => readObjectsMessage('blue', body))

describe('ingest', () => {
  test('sends the object with its version and the dataset of its route', async () => {
    const done = await ingestWith()(arrivalOf('section/1/a.jsonl'), signal)
    const object = {
      bucket: 'bronze',
      key: 'section/1/a.jsonl',
      version: 'e1',
      versioned: false,
    }
    expect(done).toEqual({ outcome: 'sent', object, dataset: 'xapi_events' })
    expect(messages()).toMatchObject([
      { kind: 'source', source: { object, dataset: 'xapi_events', generation: 0 } },
    ])
    expect(asked).toEqual([])
  })

  test('sends an object no route accepts, for transform to seal it as unrouted', async () => {
    await ingestWith()(arrivalOf('other/a.csv'), signal)
    expect(messages()).toMatchObject([{ source: { dataset: undefined } }])
  })

  test('asks S3 for the version of an object named without one, and sends it every time', async () => {
    const ingest = ingestWith(() => Promise.reject(new Error('was not to be asked')), {
      'section/1/a.jsonl': 5,
    })
    const arrival: Arrival = { facts: { bucket: 'bronze', key: 'section/1/a.jsonl' } }
    await ingest(arrival, signal)
    await ingest(arrival, signal)
    expect(asked).toEqual(['section/1/a.jsonl', 'section/1/a.jsonl'])
    expect(messages()).toMatchObject([
      { source: { object: { version: 'v-head', versioned: true } } },
      { source: { object: { version: 'v-head', versioned: true } } },
    ])
  })

  test('raises what is asked for by name and not there, and sends nothing', async () => {
    const arrival: Arrival = { facts: { bucket: 'bronze', key: 'section/1/a%2Bb.jsonl' } }
    await expect(ingestWith()(arrival, signal)).rejects.toMatchObject({ code: 'OBJECT_GONE' })
    expect(sent).toEqual([])
  })

  test('drops folders, told by the event or by S3, but no empty objects', async () => {
    const ingest = ingestWith(every, { 'section/2/': 0 })
    const outcomes = [
      await ingest(arrivalOf('section/1/', { sizeBytes: 0 }), signal),
      await ingest({ facts: { bucket: 'bronze', key: 'section/2/' } }, signal),
      await ingest(arrivalOf('section/1/', { sizeBytes: 3 }), signal),
      await ingest(arrivalOf('section/1/empty.jsonl', { sizeBytes: 0 }), signal),
    ]
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['folder', 'folder', 'sent', 'sent'])
    expect(messages()).toMatchObject([
      { source: { object: { key: 'section/1/' } } },
      { source: { object: { key: 'section/1/empty.jsonl' } } },
    ])
  })

  test("refuses objects of buckets that are not the pipeline's", async () => {
    const ingest = ingestWith(every, {}, ['bronze'])
    const stranger: Arrival = { facts: { bucket: 'stolen', key: 'section/1/a.jsonl', etag: 'e' } }
    await expect(ingest(stranger, signal)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' })
    await ingest(arrivalOf('section/1/a.jsonl'), signal)
    expect(messages()).toMatchObject([{ source: { object: { bucket: 'bronze' } } }])
  })

  test('tells what was sent before from what it sends', async () => {
    const done = await ingestWith(() => Promise.resolve())(arrivalOf('section/1/a.jsonl'), signal)
    expect(done.outcome).toBe('repeated')
    expect(sent).toEqual([])
  })

  test('keys a send by the write, so that a re-upload of equal bytes is another one', async () => {
    const ingest = ingestWith()
    await ingest(arrivalOf('a'), signal)
    await ingest(arrivalOf('a', { sequencer: '0B' }), signal)
    const key = { pipeline: 'blue', bucket: 'bronze', key: 'a', version: 'e1' }
    expect(keys).toEqual([
      { ...key, sequencer: '0A' },
      { ...key, sequencer: '0B' },
    ])
  })
})

describe('a copy below the replay prefix', () => {
  const copy = '_replay/r/0a1b/a.jsonl'
  const origin = { bucket: 'bronze', key: 'section/1/a.jsonl', version: 'v1', versioned: true }
  const lastModified = Date.UTC(2026, 1, 11)

  test('003-14: is loaded as the object it is a copy of, by any event of it', async () => {
    marks[copy] = { origin, lastModified, generation: 7 }
    const done = await ingestWith()(arrivalOf(copy), signal)
    expect(done).toEqual({ outcome: 'sent', object: origin, dataset: 'xapi_events' })
    const object = { bucket: 'bronze', key: copy, version: 'e1', versioned: false }
    const source = { object: origin, generation: 7, copy: { object, lastModified } }
    expect(messages()).toMatchObject([{ kind: 'source', source }])
    const [message] = messages()
    expect(message).not.toHaveProperty('source.sequencer')
    const [live] = (await ingestLive(origin)).map((one) => one?.kind === 'source' && one.source.id)
    expect(message).toHaveProperty('source.id', live)
    // A second delivery of the copy's event is one of the copy and not of its origin.
    expect(keys[0]).toMatchObject({ key: copy, version: 'e1', sequencer: '0A' })
  })

  const ingestLive = async ({ bucket, key, version: versionId }: typeof origin) => {
    sent = []
    await ingestWith()({ facts: { bucket, key, versionId } }, signal)
    return messages()
  }

  test.each<[string, CopyMark | undefined, RegExp]>([
    ['that does not say of which', undefined, /does not say which object/],
    [
      'of a bucket that is none of the pipeline',
      { origin: { ...origin, bucket: 'foreign' }, lastModified, generation: 0 },
      /copy of s3:\/\/foreign.*no object of this pipeline/,
    ],
    [
      'of a copy',
      { origin: { ...origin, key: '_replay/q/1/a.jsonl' }, lastModified, generation: 0 },
      /no object of this pipeline/,
    ],
  ])('003-14: %s is refused, and never loaded as a new object', async (_, mark, message) => {
    if (mark) marks[copy] = mark
    for (const buckets of [undefined, ['bronze']]) {
      const work = ingestWith(every, {}, buckets)(arrivalOf(copy), signal)
      await expect(work).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' })
      await expect(work).rejects.toThrow(message)
    }
    expect(sent).toEqual([])
  })

  test('may be of another bucket of the pipeline', async () => {
    marks[copy] = { origin: { ...origin, bucket: 'second' }, lastModified, generation: 0 }
    await ingestWith(every, {}, ['bronze', 'second'])(arrivalOf(copy), signal)
    expect(messages()).toMatchObject([{ source: { object: { bucket: 'second' } } }])
  })

  test('that is a folder holds nothing to load', async () => {
    const done = await ingestWith()(arrivalOf('_replay/r/', { sizeBytes: 0 }), signal)
    expect(done.outcome).toBe('folder')
    expect(sent).toEqual([])
  })
})
