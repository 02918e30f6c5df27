import { isAscii, isUtf8 } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import type { OpenObject } from '@silversmith/core'
import type { Origin } from '../staging/chunk-builder.ts'
import type { ReadingReason } from './reading-rejection.ts'

/** One record as it stands in an object, before anything is made of it. */
export interface RawRecord {
  /** 0-based, counted over all records of the object, good and bad. */
  readonly ordinal: number
  /** 1-based physical line where it begins; null where the object is not read by lines. */
  readonly line: number | null
  /** Of its first byte, in the decompressed object behind its byte order mark. */
  readonly offset: number
  readonly sizeBytes: number
  /** All its bytes; for a record over the limit only the first `keepBytes`. */
  readonly bytes: Buffer
  /** Set for a record over the limit: lower-hex SHA-256 of all its bytes. */
  readonly cut?: { readonly sha256: string }
  /** Set when the framing itself is broken here: why. */
  readonly broken?: string
  /** Set for a whole object: what it was stored as. */
  readonly types?: ObjectTypes
  /** Set for a record that a quarantine file kept: where it first stood. */
  readonly original?: Original
}

export type ObjectTypes = Pick<OpenObject, 'contentType' | 'contentEncoding'>

export interface Original {
  readonly origin: Origin
  /** Its object was loaded since in a higher generation, or the record was erased. */
  readonly isLeftOut: boolean
}

/** Why framing itself may be broken: nothing that can be mended in the record. */
export type FramingReason = Extract<ReadingReason, `truncated_${string}`>
export const framingReasons: ReadonlySet<string> = new Set<FramingReason>([
  'truncated_document',
  'truncated_array',
])

export interface RecordLimits {
  /** A longer record is cut. */
  readonly recordBytesMax: number
  /** What is kept of a cut record. */
  readonly keepBytes: number
}

/** What one piece of the stream ends: records, in their order. */
export interface ReadPiece {
  readonly records: readonly RawRecord[]
  /** Bytes of the record that the piece ends in the middle of. */
  readonly begunBytes: number
}

const isSpace = (byte: number): boolean => byte === 32 || byte === 9 || byte === 13

/** The bytes of a record, as `RawRecord` has them. */
export type TakenBytes = Pick<RawRecord, 'bytes' | 'sizeBytes' | 'cut'>

/** Gathers one record from pieces of the stream in bounded memory: past the limit only a hash and the beginning stay. */
export const createRecordBuffer = (limits: RecordLimits) => {
  let pieces: Buffer[] = []
  let sizeBytes = 0
  let hash: Hash | undefined

  const add = (piece: Buffer): void => {
    sizeBytes += piece.length
    if (hash) hash.update(piece)
    else pieces.push(piece)
    if (!hash && sizeBytes > limits.recordBytesMax) {
      const whole = Buffer.concat(pieces)
      hash = createHash('sha256').update(whole)
      pieces = [Buffer.from(whole.subarray(0, limits.keepBytes))]
    }
  }

  /** Hands out what was gathered and begins anew. */
  const take = (): TakenBytes => {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    const taken = { bytes, sizeBytes, ...(hash && { cut: { sha256: hash.digest('hex') } }) }
    pieces = []
    sizeBytes = 0
    hash = undefined
    return taken
  }

  return { add, take, size: () => sizeBytes }
}

/** Undefined when the bytes are not UTF-8. */
export const textOf = (bytes: Buffer): string | undefined => {
  if (isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** Nothing but white space: no record at all. */
export const isBlank = (bytes: Buffer): boolean => {
  for (let at = 0; at < bytes.length; at++) if (!isSpace(bytes[at] as number)) return false
  return true
}
