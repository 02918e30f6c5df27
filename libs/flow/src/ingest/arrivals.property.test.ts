import {
  Fault,
  identify,
  type ObjectFacts,
  objectUri,
  readObjectsMessage,
  sourceIdOf,
} from '@silversmith/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Arrivals, readArrivals, readArrivalsText } from './arrivals.ts'
import { createIngest } from './ingest.ts'

const pipeline = 'p'
const signal = new AbortController().signal

/** S3 keys are UTF-8; a lone surrogate cannot be one. */
const key = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 20 })
    .map((text) => Buffer.from(text).toString()),
  fc.string({
    unit: fc.constantFrom('+', '%', ' ', '/', '..', '%2F', '%', '&', '"', '\\', '\n', '🦉', 'é'),
    minLength: 1,
  }),
)
const etag = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'),
  minLength: 32,
  maxLength: 34,
})
const versionId = fc.string({ unit: fc.constantFrom(...'aB3_.-+/='), minLength: 1, maxLength: 12 })

interface Stored {
  readonly bucket: string
  readonly key: string
  readonly etag: string
  readonly state: 'unversioned' | 'versioned' | 'suspended'
  readonly versionId: string
}

const stored: fc.Arbitrary<Stored> = fc.record({
  bucket: fc.constantFrom('bronze', 'b.2'),
  ...{ key, etag, versionId },
  state: fc.constantFrom('unversioned', 'versioned', 'suspended'),
})

/** What S3 writes of a version: an id, `null`, or nothing. */
const told = ({ state, versionId: id }: Stored): { versionId?: string } =>
  state === 'versioned' ? { versionId: id } : state === 'suspended' ? { versionId: 'null' } : {}

const native = (object: Stored): object => ({
  Records: [
    {
      eventVersion: '2.1',
      eventName: 'ObjectCreated:Put',
      s3: {
        bucket: { name: object.bucket },
        object: {
          key: encodeURIComponent(object.key).replaceAll('%20', '+').replaceAll('%2F', '/'),
          ...{ eTag: object.etag, size: 1, sequencer: '0055AED6DCD90281E5' },
          ...(object.state === 'versioned' && told(object)),
        },
      },
    },
  ],
})

const eventBridge = (object: Stored): object => {
  const { versionId: id } = told(object)
  return {
    ...{ source: 'aws.s3', 'detail-type': 'Object Created' },
    detail: {
      version: '0',
      bucket: { name: object.bucket },
      object: {
        ...{ key: object.key, etag: object.etag, size: 1, sequencer: '55AED6DCD90281E5' },
        ...(id !== undefined && { 'version-id': id }),
      },
    },
  }
}

const sns = (event: object): object => ({ Type: 'Notification', Message: JSON.stringify(event) })

/** Runs an arrival through ingest to the message transform reads; HEAD answers as S3 does. */
const sentIdOf = async (object: Stored, { arrivals }: Arrivals): Promise<string | undefined> => {
  const [arrival] = arrivals
  if (!arrival || arrivals.length !== 1) return undefined
  const bodies: string[] = []
  const ingest = createIngest({
    ...{ pipeline, routes: [], buckets: undefined },
    bronze: {
      head: (bucket, asked) => {
        const found = identify({ bucket, key: asked, ...told(object), etag: `"${object.etag}"` })
        return bucket === object.bucket && asked === object.key && found
          ? Promise.resolve({ ...found, sizeBytes: 1 })
          : Promise.reject(new Fault('OBJECT_GONE', objectUri({ bucket, key: asked })))
      },
    },
    replay: {
      prefix: '_replay/',
      replicator: { look: () => Promise.reject(new Error('no copy')) },
    },
    queue: { send: async (body) => void bodies.push(body) },
    sendOnce: (_key, send) => send(),
  })
  await ingest(arrival, signal)
  const message = readObjectsMessage(pipeline, bodies[0] ?? '')
  return message?.kind === 'source' ? message.source.id : undefined
}

const idOf = (facts: ObjectFacts): string | undefined => {
  const object = identify(facts)
  return object && sourceIdOf(pipeline, object)
}

test('an object has one id by every route it may come', async () => {
  await fc.assert(
    fc.asyncProperty(stored, async (object) => {
      const { bucket, key: own } = object
      const events: Record<string, object> = {
        ...{ native: native(object), eventBridge: eventBridge(object) },
        'native in SNS': sns(native(object)),
        'EventBridge in SNS': sns(eventBridge(object)),
        'by name': {
          ...{ bucket, key: own },
          ...(object.state === 'versioned' && told(object)),
        },
      }
      const listed = { bucket, key: own, ...told(object), etag: `"${object.etag}"` }
      const ids: Record<string, string | undefined> = {
        listing: idOf(listed),
        'listing of versions': idOf({ ...listed, versionId: told(object).versionId ?? 'null' }),
      }
      for (const [route, event] of Object.entries(events)) {
        ids[route] = await sentIdOf(object, readArrivals(event))
        ids[`${route}, as text`] = await sentIdOf(object, readArrivalsText(JSON.stringify(event)))
      }
      const [first] = Object.values(ids)
      expect(first).toMatch(/^[0-9a-f]{32}$/)
      expect(ids).toEqual(Object.fromEntries(Object.keys(ids).map((route) => [route, first])))
    }),
    { numRuns: 500 },
  )
})
