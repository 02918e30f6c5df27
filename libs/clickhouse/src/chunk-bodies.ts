import type { Payload, Store } from '@silversmith/core'

/** Staged bytes of chunks. What is fetched ahead is held until it is read, or until others are. */
export interface ChunkBodies {
  /** Begins to fetch; never fails, for `read` does so again. */
  fetchAhead(payload: Payload, signal: AbortSignal): void
  read(payload: Payload, signal: AbortSignal): Promise<Uint8Array>
}

/** The chunk that is about to be read, and the one behind it. */
const aheadMax = 2
/** A larger one is not fetched ahead: what is held counts against the memory of a small function, also after a failure. */
const aheadBytesMax = 16 * 1024 * 1024

export const createChunkBodies = (store: Pick<Store, 'read'>): ChunkBodies => {
  const ahead = new Map<string, Promise<Uint8Array | undefined>>()
  return {
    fetchAhead: ({ key, sha256, sizeBytes }, signal) => {
      if (ahead.has(key) || sizeBytes > aheadBytesMax) return
      ahead.set(
        key,
        store.read(key, sha256, signal).catch(() => undefined),
      )
      const [oldest = ''] = ahead.keys()
      if (ahead.size > aheadMax) ahead.delete(oldest)
    },
    read: async ({ key, sha256 }, signal) => {
      const fetched = ahead.get(key)
      if (!fetched) return store.read(key, sha256, signal)
      ahead.delete(key)
      return (await fetched) ?? store.read(key, sha256, signal)
    },
  }
}
