import { isUtf8 } from 'node:buffer'
import type {
  Clock,
  Limits,
  ObjectRef,
  QuarantinePayload,
  Rejection,
  Store,
} from '@silversmith/core'
import { objectUri } from '@silversmith/core'
import { dayOf, hashOf, stagingPrefixOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import type { RawRecord } from '../reading/record.ts'

/** One line of a quarantine file. `raw` is whole up to the record limit; beyond it is cut, with length and hash of the whole. */
export interface QuarantineRecord {
  readonly source: string
  readonly version: string
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

export interface QuarantineOptions {
  readonly batch: string
  readonly attempt: number
  /** Epoch ms of the batch; decides the files' `dt=`. */
  readonly createdAt: number
  /** Ends with a slash. */
  readonly prefix: string
  readonly limits: Limits
  readonly store: Store
  readonly clock: Clock
  readonly call: Call
}

interface OpenFile {
  readonly dataset: string
  readonly reason: string
  lines: Buffer[]
  bytes: number
}

const isPrintable = (byte: number): boolean =>
  byte >= 32 || byte === 9 || byte === 10 || byte === 13

/** Keeps rejected records, one file per dataset and reason (more when they are large), staged like every payload. */
export const createQuarantine = (options: QuarantineOptions) => {
  const open = new Map<string, OpenFile>()
  const staged: QuarantinePayload[] = []
  let openBytes = 0
  let next = 0
  // Like a chunk's: it fails the batch, not the source that happened to close the file.
  let failure: { readonly error: unknown } | undefined

  const add = (
    object: ObjectRef,
    dataset: { readonly name: string; readonly version: number },
    record: RawRecord,
    rejection: Rejection,
  ): void => {
    // Control characters would take six bytes each as JSON escapes.
    const isText = isUtf8(record.bytes) && record.bytes.every(isPrintable)
    const kept: QuarantineRecord = {
      source: objectUri(object),
      version: object.version,
      record: record.ordinal,
      line: record.line,
      offset: record.offset,
      reason: rejection.reason,
      ...(rejection.path !== undefined && { path: rejection.path }),
      raw: record.bytes.toString(isText ? 'utf8' : 'base64'),
      rawEncoding: isText ? 'utf8' : 'base64',
      sizeBytes: record.sizeBytes,
      ...record.cut,
      dataset: dataset.name,
      datasetVersion: dataset.version,
    }
    const line = Buffer.from(`${JSON.stringify(kept)}\n`)
    const name = `${dataset.name}/${rejection.reason}`
    const file = open.get(name) ?? {
      dataset: dataset.name,
      reason: rejection.reason,
      lines: [],
      bytes: 0,
    }
    open.set(name, file)
    file.lines.push(line)
    file.bytes += line.length
    openBytes += line.length
  }

  const close = async (name: string, file: OpenFile): Promise<void> => {
    try {
      await stage(name, file)
    } catch (error) {
      failure ??= { error }
      throw error
    }
  }

  const stage = async (name: string, file: OpenFile): Promise<void> => {
    open.delete(name)
    openBytes -= file.bytes
    const n = next++
    const bytes = Buffer.concat(file.lines)
    const key = `${stagingPrefixOf(options.batch)}${options.attempt}-q${n}.jsonl`
    const sha256 = hashOf(bytes)
    const facts = { sha256, contentType: 'application/x-ndjson' }
    await persist(options.clock, options.call, () =>
      options.store.write(key, bytes, facts, options.call.signal),
    )
    const { dataset, reason } = file
    const day = dayOf(options.createdAt)
    const target = `${options.prefix}${dataset}/reason=${reason}/dt=${day}/${options.batch}-${n}.jsonl`
    staged.push({
      key,
      sha256,
      sizeBytes: bytes.length,
      rows: file.lines.length,
      target,
      dataset,
      reason,
    })
  }

  /** Something is due to be staged. */
  const isFull = (): boolean => openBytes >= options.limits.quarantineOpenBytesMax

  /** Stages what has grown too large to hold. */
  const settle = async (): Promise<void> => {
    if (!isFull()) return
    for (const [name, file] of open) await close(name, file)
  }

  const finish = async (): Promise<readonly QuarantinePayload[]> => {
    if (failure) throw failure.error
    for (const [name, file] of open) await close(name, file)
    return staged
  }

  /** Set once a file could not be staged, as for chunks. */
  const brokenBy = (): { readonly error: unknown } | undefined => failure

  return { add, isFull, settle, finish, brokenBy }
}

export type Quarantine = ReturnType<typeof createQuarantine>
