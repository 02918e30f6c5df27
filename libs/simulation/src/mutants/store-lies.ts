import { Fault } from '@silversmith/core'
import type { MemoryStore } from '../memory/memory-store.ts'

const stagingLastsMs = 3_600_000

/** Copies are confirmed and not made. */
export const forgetfulCopies = (store: MemoryStore): MemoryStore => ({
  ...store,
  copy: async () => undefined,
})

/** Some staged files are confirmed and not kept. */
export const forgetfulStaging = (store: MemoryStore): MemoryStore => {
  let count = 0
  return {
    ...store,
    write: async (key, bytes, file, signal) => {
      count += 1
      if (key.startsWith('_staging/') && count % 5 === 0) return
      await store.write(key, bytes, file, signal)
    },
  }
}

/** A lifecycle rule takes staged files after an hour. */
export const expiringStaging = (store: MemoryStore, now: () => number): MemoryStore => {
  const writtenAt = new Map<string, number>()
  const refuseExpired = (key: string): void => {
    if (now() - (writtenAt.get(key) ?? Infinity) > stagingLastsMs)
      throw new Fault('OBJECT_GONE', `${key} has expired`)
  }
  return {
    ...store,
    write: async (key, bytes, file, signal) => {
      await store.write(key, bytes, file, signal)
      if (key.startsWith('_staging/')) writtenAt.set(key, now())
    },
    read: async (key, sha256, signal) => {
      refuseExpired(key)
      return store.read(key, sha256, signal)
    },
    copy: async (from, to, file, signal) => {
      refuseExpired(from)
      await store.copy(from, to, file, signal)
    },
  }
}
