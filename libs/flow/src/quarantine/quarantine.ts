import type { Clock, Limits, QuarantinePayload, Rejection, Store } from '@silversmith/core'
import { dayOf, hashOf, stagingPrefixOf } from '../manifest.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import type { RawRecord } from '../reading/record.ts'
import type { Origin } from '../staging/chunk-builder.ts'
import { quarantineKeyOf } from './quarantine-file.ts'
import { writeQuarantineRecord } from './quarantine-record.ts'

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

/** Files staged at a time. */
const stagesMax = 8

interface OpenFile {
  readonly dataset: string
  readonly reason: string
  lines: Buffer[]
  bytes: number
}

/** Keeps rejected records, one file per dataset and reason (more when they are large), staged like every payload. */
export const createQuarantine = (options: QuarantineOptions) => {
  const open = new Map<string, OpenFile>()
  const staged: QuarantinePayload[] = []
  let openBytes = 0
  let next = 0
  let closing: Promise<unknown> | undefined
  // Like a chunk's: it fails the batch, not the source that happened to close the file.
  let failure: { readonly error: unknown } | undefined

  const add = (origin: Origin, dataset: string, record: RawRecord, rejection: Rejection): void => {
    const line = writeQuarantineRecord(origin, dataset, record, rejection)
    const { reason } = rejection
    const name = `${dataset}/${reason}`
    const file = open.get(name) ?? { dataset, reason, lines: [], bytes: 0 }
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

  /** Files that are open now; whoever asks meanwhile waits for the same round. */
  const closeAll = (): Promise<unknown> => {
    closing ??= mapConcurrently([...open], stagesMax, ([name, file]) => close(name, file)).finally(
      () => (closing = undefined),
    )
    return closing
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
    const named = { dataset, reason, day: dayOf(options.createdAt), batch: options.batch, n }
    const target = quarantineKeyOf(options.prefix, named)
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
    while (isFull()) await closeAll()
  }

  const finish = async (): Promise<readonly QuarantinePayload[]> => {
    if (failure) throw failure.error
    await closeAll()
    return staged
  }

  /** Set once a file could not be staged, as for chunks. */
  const brokenBy = (): { readonly error: unknown } | undefined => failure

  return { add, isFull, settle, finish, brokenBy }
}

export type Quarantine = ReturnType<typeof createQuarantine>
