import {
  type Bronze,
  type Clock,
  type Contract,
  type Dataset,
  Fault,
  type Limits,
  type MessageContent,
  objectUri,
  type OpenObject,
  type Source,
  type TableRow,
} from '@silversmith/core'
import type { ChunkBuilder, Origin } from '../staging/chunk-builder.ts'
import { readPlain } from '../reading/decompression.ts'
import { readDocuments } from '../reading/documents.ts'
import type { Gate } from '../reading/gate.ts'
import { readLines } from '../reading/lines.ts'
import { readWhole } from '../reading/whole.ts'
import { type Call, persist } from '../patience.ts'
import type { Quarantine } from '../quarantine/quarantine.ts'
import { lineBytesMaxOf } from '../quarantine/quarantine-record.ts'
import type { RawRecord, ReadPiece } from '../reading/record.ts'
import { mapRecord, rejectFor } from './record-mapping.ts'
import { openSource } from './source-opening.ts'
import type { KindTally } from './kind-tally.ts'
import { type DriftTally, holdToContract } from '../drift/drift-tally.ts'

/** records = rows + rejected + discarded; `rows` counts accepted records. */
export interface ReadCounts {
  sizeBytes: number
  /** Epoch ms; 0 until the object was opened. */
  lastModified: number
  records: number
  rows: number
  rejected: number
  discarded: number
}

export interface ReadOptions {
  readonly source: Source
  readonly dataset: Dataset
  readonly bronze: Pick<Bronze, 'open'>
  readonly chunks: Pick<ChunkBuilder, 'addRow' | 'isFull' | 'settle'>
  readonly quarantine: Pick<Quarantine, 'add' | 'isFull' | 'settle'>
  readonly limits: Limits
  readonly loadedAtMicros: number
  readonly clock: Clock
  readonly call: Call
  /** Where readers of several sources meet: only so many hold a large record at a time. */
  readonly largeRecords: Gate
  /** Epoch ms; a source that is not read by then is left for another invocation, so that the others can be sealed. */
  readonly readUntil: number
  /** It has all the time an invocation can give: what is not read by `readUntil` never will be. */
  readonly hasAllTime: boolean
  readonly contract: Contract
  readonly drift: DriftTally
  readonly kinds: KindTally
  /** Ordinals of records that an operator erased: they are left out. */
  readonly erased?: ReadonlySet<number>
  /** Set for a quarantine file: its lines → the records they keep, each with the origin it first had. */
  readonly unwrap?: (lines: AsyncIterable<ReadPiece>, file: Origin) => AsyncIterable<ReadPiece>
  /** Counted up while reading, so that the caller knows after a fault whether anything was taken. */
  readonly counts: ReadCounts
}

/** A larger record is a large one: beside the others of its reader's piece it would fill the memory. */
const smallRecordBytesMax = 1024 * 1024

export const createCounts = (): ReadCounts => ({
  sizeBytes: 0,
  lastModified: 0,
  records: 0,
  rows: 0,
  rejected: 0,
  discarded: 0,
})

/**
 * Reads one source to its end: every record becomes rows in `chunks` or a line in `quarantine`. Constant memory for any size.
 * Faults: OBJECT_GONE, OBJECT_UNREADABLE, OBJECT_TOO_LARGE (each also after rows were added: the pass must then be
 * repeated without this source), and those of the stores.
 */
export const readSource = async (options: ReadOptions): Promise<void> => {
  const { source, limits, counts, call } = options
  if (source.content) return readContent(options, source.content)
  const name = objectUri(source.object)
  const opened = await persist(options.clock, call, () =>
    openSource(options.bronze, source, call.signal),
  )
  counts.sizeBytes = opened.sizeBytes
  counts.lastModified = opened.lastModified
  if (opened.sizeBytes > limits.objectBytesMax) {
    await discard(opened)
    throw new Fault(
      'OBJECT_TOO_LARGE',
      `${name} has ${opened.sizeBytes} bytes, more than MAX_S3_OBJECT_BYTES (${limits.objectBytesMax}); split it, or raise the limit`,
    )
  }
  const progress: Progress = { startedAt: options.clock.now(), readBytes: 0, plainBytes: 0 }
  // Time is looked at with every piece, too: there are objects with next to no records, and gzip with next to no bytes.
  const stored = tally(opened.body, (bytes) => {
    progress.readBytes += bytes
    checkTime(options, progress)
  })
  const origin = originOf(source, options.dataset, opened.lastModified, options.loadedAtMicros)
  const isWhole = options.dataset.mapObject !== undefined && options.unwrap === undefined
  const pieces = isWhole
    ? readWhole(stored, opened, limits.recordBytesMax)
    : readRecords(options, origin, unpack(options, stored, opened.contentEncoding, progress))
  await takePieces(options, origin, pieces, progress)
}

const unpack = (
  options: ReadOptions,
  stored: AsyncIterable<Uint8Array>,
  contentEncoding: string | undefined,
  progress: Progress,
): AsyncIterable<Buffer> => {
  const { decompressedBytesMax } = options.limits
  const name = objectUri(options.source.object)
  const unpacked = readPlain(stored, { contentEncoding, decompressedBytesMax, name })
  return tally(unpacked, (bytes) => {
    progress.plainBytes += bytes
    checkTime(options, progress)
  })
}

const readRecords = (
  { source, limits, unwrap }: ReadOptions,
  origin: Origin,
  plain: AsyncIterable<Buffer>,
): AsyncIterable<ReadPiece> => {
  const { recordBytesMax, quarantineRawBytesMax: keepBytes } = limits
  if (unwrap) {
    const lineBytesMax = lineBytesMaxOf(recordBytesMax)
    return unwrap(readLines(plain, { recordBytesMax: lineBytesMax, keepBytes }), origin)
  }
  return isDocumentKey(source.object.key)
    ? readDocuments(plain, { recordBytesMax, keepBytes })
    : readLines(plain, { recordBytesMax, keepBytes })
}

/** A message is one record, whole: cut or refused for its size it would be lost, for its queue deletes it at the seal. */
const readContent = async (
  options: ReadOptions,
  { bytes, sentAt }: MessageContent,
): Promise<void> => {
  const { clock, counts, dataset, loadedAtMicros, source } = options
  const sizeBytes = bytes.length
  counts.sizeBytes = sizeBytes
  counts.lastModified = sentAt
  const record = { ordinal: 0, line: null, offset: 0, sizeBytes, bytes }
  const pieces = [{ records: [record], begunBytes: 0 }]
  const origin = originOf(source, dataset, sentAt, loadedAtMicros)
  const progress = { startedAt: clock.now(), readBytes: sizeBytes, plainBytes: sizeBytes }
  await takePieces(options, origin, pieces, progress)
}

/** How far the reading of a source is. */
interface Progress {
  /** Epoch ms. */
  readonly startedAt: number
  /** As stored. */
  readBytes: number
  plainBytes: number
}

/** Passes pieces on, once their lengths are counted. */
async function* tally<Piece extends Uint8Array>(
  pieces: AsyncIterable<Piece>,
  count: (bytes: number) => void,
): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    count(piece.length)
    yield piece
  }
}

const takePieces = async (
  options: ReadOptions,
  origin: Origin,
  pieces: AsyncIterable<ReadPiece> | Iterable<ReadPiece>,
  progress: Progress,
): Promise<void> => {
  const { chunks, quarantine } = options
  let leave: (() => void) | undefined
  try {
    for await (const { records, begunBytes } of pieces) {
      for (const record of records) {
        checkTime(options, progress)
        const own = record.original?.origin ?? origin
        const rows = accept(options, own, record)
        const { ordinal, line } = record
        for (let part = 0; part < rows.length; part += 1) {
          chunks.addRow(rows[part]!, own, { record: ordinal, part, line })
          // Also within a record: what it makes may fill several chunks.
          if (chunks.isFull()) await chunks.settle()
        }
        if (quarantine.isFull()) await quarantine.settle()
      }
      if (begunBytes > smallRecordBytesMax) leave ??= await options.largeRecords.enter()
      else {
        leave?.()
        leave = undefined
      }
    }
  } finally {
    leave?.()
  }
}

/** Throws when the time for reading is over. */
const checkTime = (options: ReadOptions, progress: Progress): void => {
  const { call, clock, readUntil } = options
  if (call.signal.aborted || clock.now() > readUntil) throw outOfTime(options, progress)
}

const outOfTime = (
  { source, counts, call, clock, hasAllTime, limits }: ReadOptions,
  { startedAt, readBytes, plainBytes }: Progress,
): Fault => {
  const name = objectUri(source.object)
  const seconds = Math.round((clock.now() - startedAt) / 1000)
  const done = `${counts.records} records, ${readBytes} of ${counts.sizeBytes} bytes in ${seconds} s`
  const isLarge =
    !source.content && Math.max(counts.sizeBytes, plainBytes) >= limits.tooLargeBytesMin
  if (hasAllTime && isLarge && !call.signal.aborted) {
    return new Fault(
      'OBJECT_TOO_LARGE',
      `${name} cannot be read within one invocation, it was cut off twice before: ${done}; split it, or give the function more time or memory, and send it again`,
    )
  }
  return new Fault(
    'DEADLINE_REACHED',
    `stopped reading ${name} after ${done}: the time for reading is over; it comes again`,
  )
}

/** `.json` holds documents, everything else lines; `.gz` says nothing about either. */
export const isDocumentKey = (key: string): boolean => /\.json(\.gz)?$/i.test(key)

/** Ends the iteration, so that the connection behind it is let go. */
const discard = async (opened: OpenObject): Promise<void> => {
  for await (const piece of opened.body) if (piece) return
}

/** What all rows of a source have in common. `lastModified`: epoch ms. */
export const originOf = (
  { object, generation }: Source,
  dataset: Dataset,
  lastModified: number,
  loadedAtMicros: number,
): Origin => ({
  source: objectUri(object),
  version: object.version,
  generation,
  objectTimeMicros: lastModified * 1000,
  loadedAtMicros,
  datasetVersion: dataset.version,
})

/** Rows of a record; none where it is rejected or discarded. It is counted as what became of it. */
const accept = (
  { dataset, counts, quarantine, contract, drift, kinds, limits, erased }: ReadOptions,
  origin: Origin,
  record: RawRecord,
): readonly TableRow[] => {
  counts.records += 1
  if (record.original ? record.original.isLeftOut : erased?.has(record.ordinal)) {
    counts.discarded += 1
    return []
  }
  const read = mapRecord(dataset, record, origin.objectTimeMicros)
  const isMany = 'rows' in read && read.rows.length > limits.recordRowsMax
  const capped = isMany ? rejectFor('too_many_rows') : read
  const mapped = holdToContract(capped, dataset, contract, drift)
  if ('rejection' in mapped) {
    counts.rejected += 1
    quarantine.add(origin, dataset.name, record, mapped.rejection)
    return []
  }
  if ('discarded' in mapped) {
    counts.discarded += 1
    return []
  }
  counts.rows += 1
  kinds.add(mapped.rows)
  return mapped.rows
}
