import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Clock, defaultLimits, identify, sourceIdOf } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { createSilverTarget, createTransform } from '@silversmith/flow'
import { createParquetEncoder } from '@silversmith/parquet'
import { createMemoryIds, createMemoryLedger, createMemoryLog } from '@silversmith/simulation'
import { reportAtExit } from '../contestant.ts'
import { createDiskStore } from './disk-store.ts'

const [, , input = '', output = ''] = process.argv
reportAtExit()
const pipeline = 'bench'
const invocationMs = 900_000
const pieceBytes = 64 * 1024

const store = createDiskStore(output)
const log = createMemoryLog()
const { size: sizeBytes, mtimeMs } = await stat(input)
const lastModified = Math.floor(mtimeMs)
const object = identify({ bucket: 'bench', key: 'input.jsonl', etag: 'etag' })
if (!object) throw new Error('an object with an etag has an identity')

const clock: Clock = { now: Date.now, sleep: async () => undefined }

/** The whole of transform but for the network: claims, reading, mapping, Parquet, footers checked, staging, seal, silver. */
const transform = createTransform({
  ...{ pipeline, datasets, store, log, limits: defaultLimits },
  contracts: {},
  overwrites: {},
  quarantineFiles: { bucket: 'silver', prefix: 'quarantine/' },
  clock,
  ledger: createMemoryLedger(),
  ids: createMemoryIds(1, clock),
  encoder: createParquetEncoder(),
  bronze: {
    open: async () => ({
      ...{ sizeBytes, lastModified, contentEncoding: undefined, contentType: undefined },
      body: createReadStream(input, { highWaterMark: pieceBytes }),
    }),
    head: () => Promise.reject(new Error('nothing is looked up here')),
    list: () => Promise.reject(new Error('nothing is listed here')),
  },
  targets: [createSilverTarget({ store, prefix: 'silver/' })],
})
const id = sourceIdOf(pipeline, object)
const source = { id, object, dataset: 'xapi_events', generation: 0 }
const left = await transform([{ messageId: 'm', message: { kind: 'source', source } }], {
  deadline: Date.now() + invocationMs,
  signal: new AbortController().signal,
})
if (left.length > 0) throw new Error(`it was not loaded: ${JSON.stringify(log.events.slice(-3))}`)
const sealed = log.events.find(({ kind }) => kind === 'batch-sealed')
const rejected = sealed?.kind === 'batch-sealed' ? sealed.rejected : 0
// The others load whatever is JSON, or end.
if (rejected > 0) throw new Error(`Error: ${rejected} statements are rejected: all must be good`)
