import type { BucketState, MemoryBronze } from '../memory/memory-bronze.ts'
import { refOf } from '../memory/object-ref.ts'
import type { History, Version } from './history.ts'
import type { Surroundings } from './invocation.ts'
import { readReference } from './reference.ts'

/** An arrival as the notification tells it. */
export interface Told {
  readonly bucket: string
  readonly key: string
  readonly etag: string
  readonly versionId: string | null | undefined
  readonly sequencer: string
}

/** What somebody puts into bronze. */
export interface Upload {
  readonly key: string
  readonly bytes: Uint8Array
  readonly contentEncoding?: string | undefined
  /** Its bytes kill whoever reads them. */
  readonly isPoison?: boolean
}

/** Changes one bucket and keeps its history. Tells nobody. */
export interface Uploader {
  setState(state: BucketState): void
  state(): BucketState
  put(upload: Upload): { readonly version: Version; readonly told: Told }
  /** A DELETE that names no version. */
  remove(key: string): void
  removeVersion(key: string, version: string): void
}

export interface UploaderOptions {
  readonly bronze: MemoryBronze
  readonly history: History
  readonly bucket: string
}

const gzipFirstByte = 0x1f
const sequencerChars = 16

export const createUploader = (
  { scheduler }: Surroundings,
  { bronze, history, bucket }: UploaderOptions,
): Uploader => {
  let sequence = 0
  let state: BucketState = 'unversioned'
  bronze.setBucket(bucket, state)
  return {
    state: () => state,
    setState: (next) => {
      state = next
      bronze.setBucket(bucket, next)
      scheduler.note(`bronze is ${next}`)
    },
    put: ({ key, bytes, contentEncoding, isPoison = false }) => {
      if (bytes[0] === gzipFirstByte) scheduler.expectStreams()
      const facts = bronze.putObject(bucket, key, bytes, contentEncoding ? { contentEncoding } : {})
      scheduler.note(`bronze put ${key} ${facts.versionId ?? ''} ${facts.etag}`)
      const version = history.add({
        object: refOf(facts),
        expected: readReference({ key, bytes, contentEncoding }),
        isRouted: key.startsWith('notes/'),
        isPoison,
        isMessage: false,
      })
      sequence += 1
      const sequencer = sequence.toString(16).padStart(sequencerChars, '0')
      const { etag, versionId } = facts
      return { version, told: { bucket, key, etag, versionId, sequencer } }
    },
    remove: (key) => {
      scheduler.note(`bronze delete ${key}`)
      bronze.deleteObject(bucket, key)
      history.look()
    },
    removeVersion: (key, version) => {
      scheduler.note(`bronze delete ${key} ${version}`)
      bronze.deleteVersion(bucket, key, version)
      history.look()
    },
  }
}
