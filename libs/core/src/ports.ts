import type { LedgerItem } from './batch.ts'
import type { Chunk } from './batch.ts'
import type { Column, Row } from './dataset.ts'
import type { Event } from './event.ts'
import type { RowOrigin } from './row-origin.ts'
import type { ObjectRef } from './source.ts'

/** An object opened for one pass. Leaving `body` unread MUST be followed by ending the iteration (break or return). */
export interface OpenObject {
  /** Size as stored (before any decompression). */
  readonly sizeBytes: number
  /** Epoch ms, S3's Last-Modified. */
  readonly lastModified: number
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly body: AsyncIterable<Uint8Array>
}

/** Reads bronze. Errors from `open` and while iterating `body` are Faults. */
export interface Bronze {
  /**
   * Opens exactly that version, by versionId or If-Match. MUST throw OBJECT_GONE when it was deleted or replaced, before or
   * during the read; a dropped connection is resumed or becomes STORE_UNAVAILABLE, never a short body.
   */
  open(object: ObjectRef, signal: AbortSignal): Promise<OpenObject>
  /** The current version of a key, for routes that do not know it. OBJECT_GONE when there is none. */
  head(
    bucket: string,
    key: string,
    signal: AbortSignal,
  ): Promise<ObjectRef & { readonly sizeBytes: number }>
  /**
   * Versions of the objects below a prefix, by key, at most 1 000 a page, from the place on that the page before named. Every
   * version that can be opened is there under the identity its event had; delete markers are not.
   */
  list(
    bucket: string,
    prefix: string,
    from: string | undefined,
    signal: AbortSignal,
  ): Promise<ListingPage>
}

/** What S3 does with a second PUT of a key. */
export type BucketState = 'unversioned' | 'versioned' | 'suspended'

/** Says how a bucket keeps versions. Faults: STORE_UNAVAILABLE, STORE_DENIED, DEADLINE_REACHED. */
export interface Buckets {
  stateOf(bucket: string, signal: AbortSignal): Promise<BucketState>
}

/** One version of one object, as a listing tells it. */
export interface ListedObject {
  readonly object: ObjectRef
  /** Without quotes; of the version's bytes, and so the same for equal ones in the same parts. */
  readonly etag: string
  readonly sizeBytes: number
  /** Epoch ms. */
  readonly lastModified: number
}

export interface ListingPage {
  readonly objects: readonly ListedObject[]
  /** Where the next page begins, opaque; undefined: this was the last. */
  readonly next: string | undefined
}

/**
 * Our own files: staging, manifests, quarantine, silver. Files are immutable: `write` and `copy` create and never replace.
 * Creating a file that is already there with the same sha256 succeeds; with another one it throws STORE_CONFLICT.
 */
export interface Store {
  write(key: string, bytes: Uint8Array, file: FileFacts, signal: AbortSignal): Promise<void>
  /** Server-side, of a file of this store. */
  copy(from: string, to: string, file: FileFacts, signal: AbortSignal): Promise<void>
  /**
   * MUST throw OBJECT_GONE when there is no such file, OBJECT_UNREADABLE when the bytes do not have that sha256; undefined: they
   * are taken as they are.
   */
  read(key: string, sha256: string | undefined, signal: AbortSignal): Promise<Uint8Array>
  /** What is known of a file without reading it; undefined: there is none. `sha256` is what its writer said. */
  look(
    key: string,
    signal: AbortSignal,
  ): Promise<{ readonly sha256: string | undefined; readonly sizeBytes: number } | undefined>
  /** Deletes what is there of these keys; absent ones are no error. */
  remove(keys: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * Deletes every version of every file whose key begins so, where the bucket keeps versions those that are not current, too. Only
   * for what must be nowhere any more.
   */
  purge(prefix: string, signal: AbortSignal): Promise<void>
  /** Keys under a prefix in the order of their UTF-8 bytes; with `startAfter` those after it, which need not be there. */
  list(prefix: string, signal: AbortSignal, startAfter?: string): AsyncIterable<string>
}

export interface FileFacts {
  readonly sha256: string
  readonly contentType: string
}

/** At least once, in no order. Resolves when the queue has confirmed this message; sends are coalesced by the adapter. */
export interface Queue {
  send(body: string): Promise<void>
}

/** A message that was received and must stay on its queue. */
export interface LeftMessage {
  readonly queueArn: string
  readonly receiptHandle: string
  /** When it comes again; a queue holds no message back for more than 12 hours. */
  readonly inMs: number
}

/** Puts off messages that were received. Faults: those of queues; what could not be told comes again by the queue's own time-out. */
export interface Redelivery {
  putOff(messages: readonly LeftMessage[], signal: AbortSignal): Promise<void>
}

export interface Versioned<Item extends LedgerItem = LedgerItem> {
  readonly item: Item
  /** Raised by one with every write; the condition of the next. */
  readonly revision: number
}

/** What a table of another system holds of one object, or of several versions of it with the same bytes. */
export interface HeldObject {
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  /** Different lines there are rows of. */
  readonly lines: number
  /** The highest number of one, counted from 1; 0: none has a number. The same as `lines`: all up to there are there. */
  readonly lastLine: number
}

/** Keys after one and up to another, in the order of their bytes; undefined: from the first, to the last. */
export interface KeyRange {
  readonly bucket: string
  readonly prefix: string
  readonly after: string | undefined
  readonly upTo: string | undefined
}

/** A table that another system filled from the same bronze; for adoption only. Errors are Faults. */
export interface Predecessor {
  /** For people. */
  readonly name: string
  /** By the bytes of key and etag, after `from`; fewer than `limit`: these are the last. */
  list(
    range: KeyRange,
    from: Pick<HeldObject, 'key' | 'etag'> | undefined,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly HeldObject[]>
  /** Rows that do not say of which object they are. */
  countUnknown(signal: AbortSignal): Promise<number>
}

/** Names an item: claims, batches and pipelines have ids of their own. */
export interface ItemKey {
  readonly kind: LedgerItem['kind']
  readonly id: string
}

/**
 * Items under compare-and-set; the whole protocol stands on these three calls. A write whose answer was lost may have
 * landed: the caller reads again and decides by what it finds.
 */
export interface Ledger {
  /** Strongly consistent, in the order asked; undefined where there is none. */
  read(keys: readonly ItemKey[], signal: AbortSignal): Promise<readonly (Versioned | undefined)[]>
  /** Writes when the stored revision is exactly `expected` (0: there is no item). False: it was not, nothing changed. */
  write(item: LedgerItem, expected: number, signal: AbortSignal): Promise<boolean>
  /** Ids of the pipeline's batches in state F or S whose lease ended before `now`, oldest lease first; may lag behind writes. */
  listOpen(
    pipeline: string,
    now: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly string[]>
}

/** Where chunks go. Errors are Faults; a time-out is TARGET_OUTCOME_UNKNOWN: it may still land. */
export interface Target {
  readonly name: string
  /** True when the chunk's rows are there, whole. Sees every insert acknowledged before. */
  has(batch: string, chunk: Chunk, signal: AbortSignal): Promise<boolean>
  /** Told before the chunk in front of it is put: its bytes may be fetched meanwhile. Never fails. */
  prepare?(chunk: Chunk, signal: AbortSignal): void
  /** Asks whether it takes rows now, as `put` would find it; leaves no row. */
  check(signal: AbortSignal): Promise<void>
  /** Applies the staged bytes. Again, at once or at the same time elsewhere: the rows are there once. */
  put(batch: string, chunk: Chunk, signal: AbortSignal): Promise<void>
}

/** What a target holds of one chunk. */
export interface Holding {
  readonly rows: number
  /** Row identities among them. */
  readonly distinct: number
  /** Rows of the chunk that are not there and need not be, for they are older than its table keeps rows. None when absent. */
  readonly expired?: number
}

/** Looks at what a target holds. For people, reconcile and repair only: the protocol itself asks `Target.has`. */
export interface Inspector {
  /** That of its target. */
  readonly name: string
  /** In the order of the chunks. With an origin only its rows count, and `expired` is never told. */
  inspect(
    batch: string,
    chunks: readonly Chunk[],
    signal: AbortSignal,
    origin?: RowOrigin,
  ): Promise<readonly Holding[]>
  /**
   * Tokens of the chunks a table holds rows of, in order, after `from`; fewer than `limit`: these are the last. A target that
   * keeps a table in folders tells a token in each of them, as `<folder>/<token>`.
   */
  listTokens(
    table: string,
    from: string | undefined,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly string[]>
}

/** Puts back what a target lost of one chunk; for an operator's repair only. Errors are Faults. */
export interface Mender {
  /** That of its target. */
  readonly name: string
  /** Deletes what is left of the chunk's rows; returns when no reader sees one any more. */
  clear(batch: string, chunk: Chunk, signal: AbortSignal): Promise<void>
  /** Inserts a staged file with some of the chunk's rows. Again under the same token: they are there once. */
  fill(
    batch: string,
    chunk: Chunk,
    file: { readonly bytes: Uint8Array; readonly token: string },
    signal: AbortSignal,
  ): Promise<void>
  /** The chunk's rows of one UTC day (`YYYY-MM-DD`), in the order of their identity, with the chunk's own columns. */
  readDay(batch: string, chunk: Chunk, day: string, signal: AbortSignal): Promise<ChunkRows>
}

/** A record of an object version: what an erasure takes out, whatever it became. */
export interface ErasedRecord {
  /** `s3://bucket/key` */
  readonly source: string
  readonly version: string
  readonly record: number
  /** 1-based physical line, where the object has lines. */
  readonly line: number | null
}

/** A row of such a record. */
export interface ErasedRow extends Omit<ErasedRecord, 'line'> {
  readonly part: number
  /** Token of its chunk, as the row carries it. */
  readonly chunk: string
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
  /** Where it lies, in words of its eraser. */
  readonly place: string
}

/** Rows of one column's value. Numbers and others are compared as the texts they print as. */
export interface Match {
  readonly column: string
  readonly value: string
}

/** Takes rows out of a place for good; for an operator's erasure only. Errors are Faults. */
export interface Eraser {
  readonly name: string
  /** Records that have a row for which it holds, each once, at most `limit`. */
  find(
    table: string,
    match: Match,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly ErasedRecord[]>
  /** Every row of these records, of any generation. */
  locate(
    table: string,
    records: readonly Omit<ErasedRecord, 'line'>[],
    signal: AbortSignal,
  ): Promise<readonly ErasedRow[]>
  /** Returns when these rows are nowhere any more, on no replica. Those that are gone already are no error. */
  erase(table: string, rows: readonly ErasedRow[], signal: AbortSignal): Promise<void>
  /** What holds copies of rows of the table that `erase` does not reach, for people. */
  copiesOf(table: string, signal: AbortSignal): Promise<readonly string[]>
}

export interface ChunkRows {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

export interface Clock {
  /** Epoch ms. */
  now(): number
  sleep(ms: number): Promise<void>
}

export interface Ids {
  /** A fresh ULID. */
  next(): string
}

/** Named events only; no payloads, no secrets. */
export interface Log {
  emit(event: Event): void
}
