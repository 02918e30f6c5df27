import { indexWritesPerBatch, ledgerUnits, shapeOf, transformCalls } from '@silversmith/flow/cost'
import {
  defaultLimits,
  type Ledger,
  type LedgerItem,
  type Store,
  type Target,
} from '@silversmith/core'
import { identify, sourceIdOf } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { createSilverTarget, createTransform } from '@silversmith/flow'
import { createParquetEncoder } from '@silversmith/parquet'
import {
  createMemoryClock,
  createMemoryIds,
  createMemoryLedger,
  createMemoryLog,
  createMemoryStore,
} from '@silversmith/simulation'
import { expect, test } from 'vitest'
import { makeObjects } from './stack/made-objects.ts'

const pipeline = 'p'
const keysPerRead = 100
const keysPerDelete = 1_000
const kib = 1_024

type Counts = Record<string, number>

const add = (counts: Counts, name: string, more = 1): void => {
  counts[name] = (counts[name] ?? 0) + more
}

/** What puts an item into the index of open batches, and where: libs/aws/src/ledger-record.ts. */
const indexKeyOf = (item: LedgerItem | undefined): number | undefined =>
  item?.kind === 'batch' && (item.state === 'F' || item.state === 'S') ? item.leaseUntil : undefined

const countLedger = (ledger: Ledger, counts: Counts): Ledger => {
  const known = new Map<string, LedgerItem>()
  return {
    ...ledger,
    read: (keys, signal) => {
      const own = keys.filter(({ kind }) => kind !== 'pipeline')
      add(counts, 'ledgerReads', Math.ceil(own.length / keysPerRead))
      add(counts, 'readUnits', own.length)
      return ledger.read(keys, signal)
    },
    write: (item, expected, signal) => {
      if (item.kind !== 'pipeline') {
        const name = `${item.kind} ${item.id}`
        add(counts, 'ledgerWrites')
        add(counts, 'writeUnits', Math.ceil(Buffer.byteLength(JSON.stringify(item)) / kib))
        if (indexKeyOf(known.get(name)) !== indexKeyOf(item)) add(counts, 'indexWrites')
        known.set(name, item)
      }
      return ledger.write(item, expected, signal)
    },
  }
}

const countStore = (store: Store, counts: Counts): Store => ({
  ...store,
  write: (key, ...more) => {
    add(counts, key.startsWith('_batches/') ? 'manifestPuts' : 'stagingPuts')
    return store.write(key, ...more)
  },
  copy: (...args) => {
    add(counts, 'copies')
    return store.copy(...args)
  },
  read: (...args) => {
    add(counts, 'manifestGets')
    return store.read(...args)
  },
  look: (...args) => {
    add(counts, 'looks')
    return store.look(...args)
  },
  remove: (keys, signal) => {
    add(counts, 'deletes', Math.ceil(keys.length / keysPerDelete))
    return store.remove(keys, signal)
  },
  list: (...args) => {
    add(counts, 'lists')
    return store.list(...args)
  },
})

/** Runs transform itself over so many objects of so many days, and counts what it asks of its ports. */
const countRun = async (objects: number, days: number) => {
  const counts: Counts = {}
  const made = makeObjects({ statementsPerObject: 1, days, name: 'counted' })
  const bodies = new Map<string, Buffer>()
  const deliveries = Array.from({ length: objects }, () => {
    const { key, body } = made.next().value
    bodies.set(key, body)
    const object = identify({ bucket: 'b', key, etag: 'e' })
    if (!object) throw new Error('an object with an etag has an identity')
    const id = sourceIdOf(pipeline, object)
    const source = { id, object, dataset: 'xapi_events', generation: 0 }
    return { messageId: key, message: { kind: 'source' as const, source } }
  })
  const clock = createMemoryClock()
  const store = countStore(createMemoryStore(), counts)
  const clickhouse: Target = {
    name: 'clickhouse',
    has: () => Promise.reject(new Error('nobody asks in a run without faults')),
    check: () => Promise.reject(new Error('nobody probes in a run without faults')),
    put: async () => add(counts, 'inserts'),
  }
  const transform = createTransform({
    ...{ pipeline, datasets, store, clock, limits: defaultLimits },
    contracts: {},
    overwrites: {},
    quarantineFiles: { bucket: 'silver', prefix: 'q/' },
    ...{ log: createMemoryLog(), ids: createMemoryIds(1, clock), encoder: createParquetEncoder() },
    ledger: countLedger(createMemoryLedger(), counts),
    bronze: {
      open: async ({ key }) => {
        add(counts, 'objectGets')
        const body = bodies.get(key) ?? Buffer.alloc(0)
        const pieces = async function* () {
          yield body
        }
        return {
          ...{
            sizeBytes: body.length,
            lastModified: 0,
            contentEncoding: undefined,
            contentType: undefined,
          },
          body: pieces(),
        }
      },
      head: () => Promise.reject(new Error('nothing is looked up')),
      list: () => Promise.reject(new Error('nothing is listed')),
    },
    targets: [createSilverTarget({ store, prefix: 'silver/' }), clickhouse],
  })
  const call = { deadline: clock.now() + 300_000, signal: new AbortController().signal }
  expect(await transform(deliveries, call)).toEqual([])
  const bytes = [...bodies.values()].reduce((sum, { length }) => sum + length, 0)
  return { counts, bytes }
}

test.each([
  { objects: 1, days: 1 },
  { objects: 250, days: 1 },
  { objects: 250, days: 30 },
])('counts what transform asks for $objects objects of $days days', async ({ objects, days }) => {
  const { counts, bytes } = await countRun(objects, days)
  const shape = shapeOf(objects, bytes / objects, days, { jsonMbPerChunk: 80 })
  const calls = transformCalls(shape)
  // Of the adapters: a HEAD before each copy, a read of the block and a look at the table before each INSERT.
  const { heads, stagingGets, questions, ...ports } = calls
  const { readUnits, writeUnits, indexWrites, ...counted } = counts
  expect(counted).toEqual(ports)
  expect([heads, stagingGets, questions]).toEqual([calls.copies, calls.inserts, calls.inserts])
  expect(indexWrites).toBe(indexWritesPerBatch)
  const units = ledgerUnits(shape)
  expect(units).toEqual({ reads: readUnits, writes: (writeUnits ?? 0) + indexWritesPerBatch })
})
