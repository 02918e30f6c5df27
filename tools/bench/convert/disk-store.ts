import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, type Store } from '@silversmith/core'

/** Files below a folder, for a benchmark: nothing is made durable, and a file may be replaced. */
export const createDiskStore = (folder: string): Store => {
  const pathOf = (key: string): string => join(folder, key)
  return {
    write: async (key, bytes) => {
      await mkdir(dirname(pathOf(key)), { recursive: true })
      await writeFile(pathOf(key), bytes)
    },
    copy: async (from, to) => {
      await mkdir(dirname(pathOf(to)), { recursive: true })
      await copyFile(pathOf(from), pathOf(to))
    },
    read: async (key, sha256) => {
      const bytes = await readFile(pathOf(key))
      if (createHash('sha256').update(bytes).digest('hex') !== sha256)
        throw new Fault('OBJECT_UNREADABLE', `${key} has other bytes`)
      return bytes
    },
    look: async (key) => {
      const found = await stat(pathOf(key)).catch(() => undefined)
      return found && { sha256: undefined, sizeBytes: found.size }
    },
    remove: async (keys) => {
      for (const key of keys) await rm(pathOf(key), { force: true })
    },
    purge: async (prefix) => {
      await rm(pathOf(prefix), { recursive: true, force: true })
    },
    list: async function* (prefix, _signal, startAfter = '') {
      const names = await readdir(pathOf(prefix), { recursive: true }).catch(() => [])
      for (const key of names.map((name) => `${prefix}${name}`).sort())
        if (key > startAfter) yield key
    },
  }
}
