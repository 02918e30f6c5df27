import type { ManifestSource, ObjectFacts, Store } from '@silversmith/core'
import { identify, readObjectsMessage, sourceIdOf } from '@silversmith/core'
import { createIngest, createReconcile, graceMs, readArrivalsText } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import type { BucketState } from '../memory/memory-bronze.ts'
import { createMemoryLedger } from '../memory/memory-ledger.ts'
import { createMemoryLog } from '../memory/memory-log.ts'
import { createMemoryQueue } from '../memory/memory-queue.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import type { BronzeRoom } from './bronze-contract.ts'

const pipeline = 'p'
const routes = [{ prefix: '', suffixes: [], dataset: 'notes' }]
const keys = ['plain.jsonl', 'dt=2026-01-01/ä b+c%2F&d.jsonl', "quote'(1).jsonl"]
const idle = (): AbortSignal => new AbortController().signal
const withoutQuotes = (etag: string | null | undefined): string => etag?.replaceAll('"', '') ?? ''

/** As S3 writes it: form-encoded key, version id where the bucket has versions. */
const nativeEvent = ({ bucket, key, etag, versionId }: ObjectFacts): string => {
  const encoded = encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
  const object = { key: encoded, size: 1, eTag: withoutQuotes(etag), sequencer: '0A', versionId }
  const s3 = { s3SchemaVersion: '1.0', bucket: { name: bucket }, object }
  const record = { eventVersion: '2.1', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }
  return JSON.stringify({ Records: [record] })
}

/** There keys are as they are. */
const eventBridgeEvent = ({ bucket, key, etag, versionId }: ObjectFacts): string =>
  JSON.stringify({
    ...{ version: '0', 'detail-type': 'Object Created', source: 'aws.s3' },
    detail: {
      bucket: { name: bucket },
      object: {
        ...{ key, size: 1, etag: withoutQuotes(etag), sequencer: '0A' },
        ...(versionId && { 'version-id': versionId }),
      },
    },
  })

const routesOfArrival: Readonly<Record<string, (facts: ObjectFacts) => string>> = {
  'native event': nativeEvent,
  EventBridge: eventBridgeEvent,
  SNS: (facts) => JSON.stringify({ Type: 'Notification', Message: nativeEvent(facts) }),
  'name and HEAD': ({ bucket, key }) => JSON.stringify({ bucket, key }),
}

/** Ids of what came to the objects queue. */
const idsOf = (bodies: readonly string[]): readonly (string | undefined)[] =>
  bodies.map((body) => {
    const message = readObjectsMessage(pipeline, body)
    return message?.kind === 'source' ? message.source.id : undefined
  })

const idsOfArrival = async ({ bronze }: BronzeRoom, body: string) => {
  const queue = createMemoryQueue()
  const ingest = createIngest({
    ...{ pipeline, routes, buckets: undefined, bronze, queue },
    replay: {
      prefix: '_replay/',
      replicator: { look: () => Promise.reject(new Error('no copy')) },
    },
    sendOnce: (_, send) => send(),
  })
  for (const arrival of readArrivalsText(body).arrivals) await ingest(arrival, idle())
  return idsOf(queue.take())
}

const idsOfListing = async ({ bronze, bucket }: BronzeRoom, key: string) => {
  const queue = createMemoryQueue()
  const clock = { now: () => Date.now() + graceMs + 86_400_000, sleep: () => Promise.resolve() }
  const store: Store = createMemoryStore()
  const reconcile = createReconcile({
    ...{ pipeline, routes, bronze, queue, clock, store, inspectors: [] },
    ...{ ledger: createMemoryLedger(), log: createMemoryLog() },
  })
  const call = { deadline: clock.now() + 60_000, signal: idle() }
  await reconcile({ bucket, prefix: key, enqueue: true }, call)
  return idsOf(queue.take())
}

/** What transform would list, read back. */
const idOfManifest = (facts: ObjectFacts): string => {
  const object = identify(facts)
  if (!object) throw new Error('no version')
  const entry = JSON.parse(JSON.stringify({ object })) as Pick<ManifestSource, 'object'>
  return sourceIdOf(pipeline, entry.object)
}

/** Six routes name one version of one object; had two of them different ids, it would be loaded twice. */
export const describeIdentity = (
  name: string,
  make: (state: BucketState) => Promise<BronzeRoom>,
  states: readonly BucketState[] = ['unversioned', 'versioned', 'suspended'],
): void => {
  describe(`identity contract: ${name}`, () => {
    test.each(states)('six routes to an object of a bucket %s have one id', async (state) => {
      const room = await make(state)
      try {
        for (const key of keys) {
          const facts = await room.putObject(key, Buffer.from(`body of ${key}`))
          const id = idOfManifest(facts)
          const ids: Record<string, readonly (string | undefined)[]> = {
            listing: await idsOfListing(room, key),
          }
          for (const [route, write] of Object.entries(routesOfArrival))
            ids[route] = await idsOfArrival(room, write(facts))
          expect(ids).toEqual(Object.fromEntries(Object.keys(ids).map((route) => [route, [id]])))
          expect(Object.keys(ids)).toHaveLength(5)
        }
      } finally {
        await room.close?.()
      }
    })
  })
}
