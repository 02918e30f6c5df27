import { isUtf8 } from 'node:buffer'
import { readObjectUri, type Rejection } from '@silversmith/core'
import type { RawRecord } from '../reading/record.ts'
import type { Origin } from '../staging/chunk-builder.ts'

/** One line of a quarantine file. `raw` is whole up to the record limit; beyond it is cut, with length and hash of the whole. */
export interface QuarantineRecord {
  readonly source: string
  readonly version: string
  readonly generation: number
  /** Last-Modified of the source, ISO 8601. */
  readonly objectTime: string
  readonly record: number
  readonly line: number | null
  /** Byte offset in the decompressed object, a byte order mark not counted. */
  readonly offset: number
  readonly reason: string
  readonly path?: string
  readonly raw: string
  readonly rawEncoding: 'utf8' | 'base64'
  readonly sizeBytes: number
  readonly sha256?: string
  readonly dataset: string
  readonly datasetVersion: number
}

/** Bytes a line may have beside its escaped `raw`: the key alone has 1 024, each perhaps an escape of six. */
const lineFrameBytes = 16 * 1024

/** Of a line whose record is as long as a record may be: each of its bytes takes two as an escape. */
export const lineBytesMaxOf = (recordBytesMax: number): number =>
  2 * recordBytesMax + lineFrameBytes

const isPrintable = (byte: number): boolean =>
  byte >= 32 || byte === 9 || byte === 10 || byte === 13

/** With its line feed. */
export const writeQuarantineRecord = (
  origin: Origin,
  dataset: string,
  record: RawRecord,
  rejection: Rejection,
): Buffer => {
  // Other control characters would take six bytes each as JSON escapes.
  const isText = isUtf8(record.bytes) && record.bytes.every(isPrintable)
  const kept: QuarantineRecord = {
    source: origin.source,
    version: origin.version,
    generation: origin.generation,
    objectTime: new Date(origin.objectTimeMicros / 1000).toISOString(),
    record: record.ordinal,
    line: record.line,
    offset: record.offset,
    reason: rejection.reason,
    ...(rejection.path !== undefined && { path: rejection.path }),
    raw: record.bytes.toString(isText ? 'utf8' : 'base64'),
    rawEncoding: isText ? 'utf8' : 'base64',
    sizeBytes: record.sizeBytes,
    ...record.cut,
    dataset,
    datasetVersion: origin.datasetVersion,
  }
  return Buffer.from(`${JSON.stringify(kept)}\n`)
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

/** Undefined: no line that `writeQuarantineRecord` could have written. */
export const readQuarantineRecord = (line: string): QuarantineRecord | undefined => {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const found = parsed as Partial<Record<keyof QuarantineRecord, unknown>>
  const { source, version, generation, objectTime, reason, raw, rawEncoding, sha256 } = found
  const isWhole =
    typeof source === 'string' &&
    readObjectUri(source) !== undefined &&
    typeof version === 'string' &&
    version !== '' &&
    isCount(generation) &&
    generation < 2 ** 32 &&
    typeof objectTime === 'string' &&
    !Number.isNaN(Date.parse(objectTime)) &&
    isCount(found.record) &&
    (found.line === null || isCount(found.line)) &&
    isCount(found.offset) &&
    typeof reason === 'string' &&
    typeof raw === 'string' &&
    (rawEncoding === 'utf8' || rawEncoding === 'base64') &&
    isCount(found.sizeBytes) &&
    (sha256 === undefined || typeof sha256 === 'string')
  return isWhole ? (parsed as QuarantineRecord) : undefined
}
