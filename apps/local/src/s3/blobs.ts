import { randomBytes } from 'node:crypto'
import type { ReadStream } from 'node:fs'
import {
  closeSync,
  createReadStream,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Sink } from './payload.ts'
import type { ByteRange } from './range.ts'

/**
 * Bodies on disk, each written once and never changed. A blob is nothing until a row of the database names it, so a
 * half-written one is only litter, swept at the next start. File names are random: keys never touch the file system.
 */
export interface Blobs {
  /** Creates a blob from what `fill` writes; nothing is left behind when it throws. */
  create<Result>(fill: (sink: Sink) => Promise<Result>): Promise<{ blob: string; result: Result }>
  /** A second name for the same bytes, at once. */
  link(blob: string): string
  /** A file descriptor that goes on reading these bytes after the blob is removed; the caller closes it. */
  open(blob: string): number
  remove(blobs: readonly string[]): Promise<void>
  /** Removes every blob that is not in `known`. */
  sweep(known: ReadonlySet<string>): void
  pathOf(blob: string): string
}

const shards = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, '0'))

export const createBlobs = (dir: string): Blobs => {
  for (const shard of shards) mkdirSync(join(dir, shard), { recursive: true })
  const pathOf = (blob: string): string => join(dir, blob.slice(0, 2), blob)
  const nextBlob = (): string => randomBytes(16).toString('hex')
  const remove = async (blobs: readonly string[]): Promise<void> => {
    for (const blob of blobs) await rm(pathOf(blob), { force: true })
  }

  return {
    pathOf,
    remove,
    create: async (fill) => {
      const blob = nextBlob()
      const file = await open(pathOf(blob), 'wx')
      try {
        const result = await fill(async (bytes) => {
          for (let at = 0; at < bytes.length;)
            at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
        })
        await file.close()
        return { blob, result }
      } catch (error) {
        await file.close()
        await remove([blob])
        throw error
      }
    },
    link: (blob) => {
      const copy = nextBlob()
      linkSync(pathOf(blob), pathOf(copy))
      return copy
    },
    open: (blob) => openSync(pathOf(blob), 'r'),
    sweep: (known) => {
      for (const shard of shards)
        for (const blob of readdirSync(join(dir, shard)))
          if (!known.has(blob)) rmSync(join(dir, shard, blob), { force: true })
    },
  }
}

export const closeBlob = (descriptor: number): void => closeSync(descriptor)

const readBytes = 256 * 1024

/** A stream over part of an open blob; it closes the descriptor. `range.length` > 0. */
export const streamBlob = (descriptor: number, { start, length }: ByteRange): ReadStream =>
  createReadStream('', {
    fd: descriptor,
    start,
    end: start + length - 1,
    highWaterMark: readBytes,
  })

/** Hands the bytes to `sink` in pieces, waiting for each; closes the descriptor. */
export const readBlob = async (descriptor: number, range: ByteRange, sink: Sink): Promise<void> => {
  // A stream cannot be asked for no bytes at all.
  if (range.length === 0) return closeBlob(descriptor)
  for await (const piece of streamBlob(descriptor, range)) await sink(piece as Buffer)
}
