import { Fault, type Store } from '@silversmith/core'

interface File {
  readonly bytes: Uint8Array
  readonly sha256: string
}

const stagingPattern = /^_staging\/([^/]+)\//

/**
 * A store in memory that lists the staging of one batch among many without looking at the others, and of a silver file keeps its
 * SHA-256 only. `onSilver` is told the bytes of each, once.
 */
export const createLightStore = (
  onSilver: (from: string, bytes: Uint8Array) => void,
): Store & { readonly stagedBatches: () => number } => {
  const files = new Map<string, File>()
  /** Batch → keys below its staging, both in the order written. */
  const staged = new Map<string, Set<string>>()
  const create = (key: string, file: File): boolean => {
    const there = files.get(key)
    if (there && there.sha256 !== file.sha256)
      throw new Fault('STORE_CONFLICT', `${key} is there with other bytes`)
    if (there) return false
    files.set(key, file)
    const [, batch] = stagingPattern.exec(key) ?? []
    if (batch === undefined) return true
    const keys = staged.get(batch) ?? new Set()
    staged.set(batch, keys.add(key))
    return true
  }
  const find = (key: string): File => {
    const file = files.get(key)
    if (!file) throw new Fault('OBJECT_GONE', `no file ${key}`)
    return file
  }
  return {
    stagedBatches: () => staged.size,
    write: async (key, bytes, { sha256 }) =>
      void create(key, { bytes: Uint8Array.from(bytes), sha256 }),
    copy: async (from, to, { sha256 }) => {
      const { bytes } = find(from)
      if (create(to, { bytes: new Uint8Array(), sha256 })) onSilver(from, bytes)
    },
    read: async (key) => find(key).bytes,
    look: async (key) => {
      const file = files.get(key)
      return file && { sha256: file.sha256, sizeBytes: file.bytes.length }
    },
    remove: async (keys) => {
      for (const key of keys) {
        files.delete(key)
        const [, batch = ''] = stagingPattern.exec(key) ?? []
        const left = staged.get(batch)
        left?.delete(key)
        if (left?.size === 0) staged.delete(batch)
      }
    },
    purge: async () => {
      throw new RangeError('nothing is erased in an outage')
    },
    list: async function* (prefix) {
      const [, batch] = stagingPattern.exec(prefix) ?? []
      if (batch !== undefined) yield* [...(staged.get(batch) ?? [])]
      else if (prefix === '_staging/') for (const keys of staged.values()) yield* [...keys]
      else throw new RangeError(`nobody lists ${prefix} in an outage`)
    },
  }
}
