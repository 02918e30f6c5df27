import type { Figures } from './figures.ts'

/** What one batch of transform is made of. `objects` is an average and need not be whole. */
export interface BatchShape {
  readonly objects: number
  readonly bytes: number
  /** Days the rows are of. */
  readonly days: number
  readonly chunks: number
  /** Files in silver: one per chunk and day. */
  readonly files: number
  /** Files staged: those, and where a chunk has several days its block for ClickHouse as well. */
  readonly staged: number
}

const monthDaysMax = 31
const bytesPerMb = 1e6

/** A chunk is of one month, and closed at its limit: libs/flow/src/staging/chunk-builder.ts. */
export const shapeOf = (
  objects: number,
  objectBytes: number,
  days: number,
  { jsonMbPerChunk }: Pick<Figures, 'jsonMbPerChunk'>,
): BatchShape => {
  const bytes = objects * objectBytes
  const months = days === 1 ? 1 : 1 + Math.ceil(days / monthDaysMax)
  const full = Math.ceil(bytes / (jsonMbPerChunk * bytesPerMb))
  const chunks = Math.max(months, full)
  const files = days === 1 ? chunks : days * Math.ceil(chunks / months)
  const staged = days === 1 ? chunks : chunks + files
  return { objects, bytes, days, chunks, files, staged }
}

/** Requests of transform for one batch that nothing disturbs, by what they are. */
export interface TransformCalls {
  readonly ledgerReads: number
  readonly ledgerWrites: number
  readonly looks: number
  readonly objectGets: number
  readonly stagingPuts: number
  readonly manifestPuts: number
  readonly manifestGets: number
  readonly heads: number
  readonly copies: number
  readonly stagingGets: number
  readonly questions: number
  readonly inserts: number
  readonly lists: number
  readonly deletes: number
}

/** BatchGetItem: readSliceMax in libs/aws/src/dynamo-ledger.ts. */
const readSliceMax = 100
/** DeleteObjects: removeSliceMax in libs/aws/src/s3-store.ts. */
const removeSliceMax = 1_000

/**
 * Counted from the code, and compared with a run of it in tools/bench/cost-calls.test.ts. Once a process: the pin of the pipeline, preflight of
 * ClickHouse (again every ten minutes); they are left out, as are repeated and contested requests.
 */
export const transformCalls = ({ objects, chunks, files, staged }: BatchShape): TransformCalls => ({
  // Claims, judgeSources in libs/flow/src/claims/standing.ts; the batch before seal, apply and commit: changeItem and readItem;
  // and the breakers before apply, openBreakers in libs/flow/src/breaker/breaker-room.ts.
  ledgerReads: Math.ceil(objects / readSliceMax) + 4,
  // A claim each, claimSources; the batch when it is opened, sealed, committed: libs/flow/src/transform/batch-run.ts, apply.ts.
  ledgerWrites: objects + 3,
  // hasErasures in libs/flow/src/erasure/erasure-record.ts, a HEAD. Where something was erased each object takes a GET more.
  looks: 1,
  // bronze.open in libs/flow/src/transform/source-reader.ts: one GET, whatever the size.
  objectGets: objects,
  stagingPuts: staged,
  // writeManifest before the seal; applyBatch reads it back: libs/flow/src/apply/apply.ts.
  manifestPuts: 1,
  manifestGets: 1,
  // Store.copy asks for the source first: libs/aws/src/s3-store.ts; once for each file of libs/flow/src/apply/silver-target.ts.
  heads: files,
  copies: files,
  // Its block is read back, the table looked at, the INSERT sent: `put` in libs/clickhouse/src/target.ts.
  stagingGets: chunks,
  questions: chunks,
  inserts: chunks,
  // removeStaging after the commit: libs/flow/src/apply/apply.ts.
  lists: 1,
  deletes: Math.ceil(staged / removeSliceMax),
})

/** Of two targets, and of one table of each. */
const breakersPerBatch = 4

/** DynamoDB's units. Items are under 1 KB (a write unit) and 4 KB (a read unit), also where there is none to read. */
export const ledgerUnits = ({ objects }: Pick<BatchShape, 'objects'>) => ({
  reads: objects + 3 + breakersPerBatch,
  // The batch enters the index of open ones when it is opened and leaves it when it is committed; its seal changes no key:
  // writeRecord in libs/aws/src/ledger-record.ts, keys only in libs/aws/src/table-definition.ts.
  writes: objects + 3 + indexWritesPerBatch,
})

export const indexWritesPerBatch = 2

/** Powertools puts the key and updates it after the send: apps/ingest/src/send-once.ts. */
export const idempotencyWritesPerObject = 2

/** S3 into arrivals and ingest into objects, received and deleted again. */
export const sqsRequests = (
  perInvocation: { readonly ingest: number; readonly transform: number },
  { messagesPerSend, messagesPerReceive }: Pick<Figures, 'messagesPerSend' | 'messagesPerReceive'>,
) => {
  const share = (messages: number, most: number): number => 1 / Math.min(messages, most)
  return {
    // One event, one message: no setting of S3 puts two objects into one.
    eventsPerObject: 1,
    sendsPerObject: share(perInvocation.ingest, messagesPerSend),
    receivesPerObject:
      share(perInvocation.ingest, messagesPerReceive) +
      share(perInvocation.transform, messagesPerReceive),
    deletesPerObject:
      share(perInvocation.ingest, deletesMax) + share(perInvocation.transform, deletesMax),
  }
}

/** DeleteMessageBatch. */
const deletesMax = 10
