import { createHash } from 'node:crypto'
import type { FileFacts, Store } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'

export interface MemoryFile extends FileFacts {
  readonly bytes: Uint8Array
}

export interface MemoryStore extends Store {
  /** Every file, by key; for a test to look at. */
  readonly files: ReadonlyMap<string, MemoryFile>
}

const hashes = new WeakMap<Uint8Array, string>()

/** Of bytes that do not change any more: the same array is hashed once. */
export const sha256Of = (bytes: Uint8Array): string => {
  const known = hashes.get(bytes)
  if (known !== undefined) return known
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  hashes.set(bytes, sha256)
  return sha256
}

const compareBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

/**
 * Immutable files in a map. `write` checks that the bytes have the sha256 they claim, as S3 does with a checksum. What `read`
 * gives is the file itself: whoever reads must not change it.
 */
export const createMemoryStore = (): MemoryStore => {
  const files = new Map<string, MemoryFile>()
  const create = (key: string, file: MemoryFile): void => {
    const there = files.get(key)
    if (there && there.sha256 !== file.sha256)
      throw new Fault('STORE_CONFLICT', `${key} is there with other bytes; two writers share a key`)
    if (!there) files.set(key, file)
  }
  const find = (key: string): MemoryFile => {
    const file = files.get(key)
    if (!file) throw new Fault('OBJECT_GONE', `no file ${key}`)
    return file
  }
  return {
    files,
    write: async (key, bytes, { sha256, contentType }, signal) => {
      refuseAborted(signal)
      const own = Uint8Array.from(bytes)
      if (sha256Of(own) !== sha256)
        throw new Fault('STORE_UNAVAILABLE', `the bytes for ${key} do not have the sha256 given`)
      create(key, { bytes: own, sha256, contentType })
    },
    copy: async (from, to, { sha256, contentType }, signal) => {
      refuseAborted(signal)
      const { bytes } = find(from)
      if (sha256Of(bytes) !== sha256)
        throw new Fault('OBJECT_UNREADABLE', `${from} does not have the sha256 given`)
      create(to, { bytes, sha256, contentType })
    },
    read: async (key, sha256, signal) => {
      refuseAborted(signal)
      const { bytes } = find(key)
      if (sha256 !== undefined && sha256Of(bytes) !== sha256)
        throw new Fault('OBJECT_UNREADABLE', `${key} does not have the sha256 expected`)
      return bytes
    },
    look: async (key, signal) => {
      refuseAborted(signal)
      const file = files.get(key)
      return file && { sha256: file.sha256, sizeBytes: file.bytes.length }
    },
    remove: async (keys, signal) => {
      refuseAborted(signal)
      for (const key of keys) files.delete(key)
    },
    purge: async (prefix, signal) => {
      refuseAborted(signal)
      for (const key of [...files.keys()]) if (key.startsWith(prefix)) files.delete(key)
    },
    list: async function* (prefix, signal, startAfter) {
      refuseAborted(signal)
      const keys = [...files.keys()].filter(
        (key) =>
          key.startsWith(prefix) && (startAfter === undefined || compareBytes(key, startAfter) > 0),
      )
      yield* keys.sort(compareBytes)
    },
  }
}
