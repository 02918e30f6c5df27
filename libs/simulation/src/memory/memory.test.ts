import type { BucketState, MemoryBronze } from './memory-bronze.ts'
import { createMemoryBronze } from './memory-bronze.ts'
import { createMemoryClock } from './memory-clock.ts'
import { createMemoryEventMappings } from './memory-event-mappings.ts'
import { createMemoryLedger } from './memory-ledger.ts'
import { createMemoryQueue } from './memory-queue.ts'
import { createMemoryReplicator } from './memory-replicator.ts'
import { createMemoryStore, sha256Of } from './memory-store.ts'
import { createMemoryTarget } from './memory-target.ts'
import { createEngine } from './engine.ts'
import type { StoredRow } from './engine.ts'
import type { BronzeRoom } from '../contracts/bronze-contract.ts'
import { describeBronze } from '../contracts/bronze-contract.ts'
import { describeEventMappings } from '../contracts/event-mappings-contract.ts'
import { describeIdentity } from '../contracts/identity-contract.ts'
import { describeLedger } from '../contracts/ledger-contract.ts'
import { describeQueue } from '../contracts/queue-contract.ts'
import { describeReplicator } from '../contracts/replicator-contract.ts'
import { describeStore } from '../contracts/store-contract.ts'
import { describeTarget } from '../contracts/target-contract.ts'

const makeBronze = async (state: BucketState): Promise<BronzeRoom> => {
  const bronze = createMemoryBronze(createMemoryClock())
  const bucket = 'bronze'
  bronze.setBucket(bucket, state)
  return roomOf(bronze, bucket)
}
const roomOf = (bronze: MemoryBronze, bucket: string): BronzeRoom => {
  return {
    bronze,
    bucket,
    putObject: async (key, bytes, options) => bronze.putObject(bucket, key, bytes, options),
    deleteObject: async (key) => bronze.deleteObject(bucket, key),
    setState: async (next) => bronze.setBucket(bucket, next),
  }
}
describeBronze('memory', makeBronze)
describeIdentity('memory', makeBronze)
describeReplicator('memory', async (state) => {
  const bronze = createMemoryBronze(createMemoryClock())
  bronze.setBucket('bronze', state)
  return { ...roomOf(bronze, 'bronze'), replicator: createMemoryReplicator(bronze) }
})

describeStore('memory', async () => ({ store: createMemoryStore() }))
describeLedger('memory', async () => ({ ledger: createMemoryLedger() }))

describeQueue('memory', async () => {
  const queue = createMemoryQueue()
  return { queue, receive: async () => queue.take() }
})

for (const listings of [0, 2])
  describeEventMappings(`memory, ${listings} listings later`, async () => {
    const delivered: (readonly string[])[] = []
    let how: 'ended' | 'failed' = 'ended'
    const mappings = createMemoryEventMappings({
      now: Date.now,
      onDelivery: async (_mapping, bodies) => {
        delivered.push(bodies)
        return how
      },
    })
    mappings.delay(listings)
    mappings.add('m1', 'arn:objects', 'transform')
    mappings.add('m2', 'arn:arrivals', 'ingest')
    const end = (next: typeof how): void => void (how = next)
    return { mappings, queueArn: 'arn:objects', delivered, end }
  })

const idle = new AbortController().signal
const decode = async (bytes: Uint8Array): Promise<readonly StoredRow[]> =>
  JSON.parse(new TextDecoder().decode(bytes)) as StoredRow[]

const makeTarget = (partitionOf?: (row: StoredRow) => string) => async () => {
  const store = createMemoryStore()
  const engine = createEngine({ windowBlocks: 100 })
  const options = { name: 'clickhouse', store, engine, decode }
  return {
    target: createMemoryTarget(partitionOf ? { ...options, partitionOf } : options),
    stage: async (batch: string, n: number, rowCount: number) => {
      const rows = Array.from({ length: rowCount }, (_, record) => ({
        _chunk: `${batch}#${n}`,
        _record: record,
      }))
      const bytes = new TextEncoder().encode(JSON.stringify(rows))
      const block = {
        key: `_staging/${batch}/0-${n}`,
        sha256: sha256Of(bytes),
        sizeBytes: bytes.length,
        rows: rowCount,
      }
      await store.write(block.key, bytes, { ...block, contentType: 'application/json' }, idle)
      return { n, table: 'events', month: '2026-01', rows: rowCount, block }
    },
    unstage: async ({ block }: { readonly block?: { readonly key: string } }) =>
      store.remove(block ? [block.key] : [], idle),
    rows: async () => engine.rows('events').map((row) => `${row['_chunk']}/${row['_record']}`),
  }
}
describeTarget('memory, one partition per chunk', makeTarget())
describeTarget(
  'memory, three partitions per chunk',
  makeTarget((row) => String(Number(row['_record']) % 3)),
)
