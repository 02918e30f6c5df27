import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { type Dataset, defaultLimits } from '@silversmith/core'
import { isDocumentKey, mapRecord, readDocuments, readLines, readPlain } from '@silversmith/flow'
import { UsageError } from '../usage-error.ts'

/** What is read of a file at most; more of the same says nothing new. */
const recordsMax = 10_000
const bytesMax = 64 * 1024 * 1024

export interface SampleFile {
  /** JSON objects. */
  readonly records: number
  /** Reason → what is none. */
  readonly refused: Readonly<Record<string, number>>
  /** It was read to its end. */
  readonly isWhole: boolean
}

/** Stands for the dataset that is still to be made; `take` tells whether a record can be one of its. */
const probeWith = (take: (text: string) => boolean): Dataset => ({
  ...{ name: 'sample', version: 1, description: '', tables: [] },
  map: (_, { text = '' }) =>
    take(text) ? { discarded: 'seen' } : { rejection: { reason: 'not_an_object' } },
})

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder: name a file of it'
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read'
  return message
}

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(file)) yield piece as Buffer
  } catch (error) {
    throw new UsageError(`--from ${file}: ${reasonOf(error)}`)
  }
}

/**
 * The first records of a file, read as transform reads an object of that name: JSON Lines or, in a `.json`, documents; gzip or not.
 * @throws UsageError for a file that cannot be opened, Fault OBJECT_UNREADABLE for damaged gzip.
 */
export const readSample = async (
  file: string,
  take: (text: string) => boolean,
): Promise<SampleFile> => {
  const { recordBytesMax, quarantineRawBytesMax: keepBytes } = defaultLimits
  const limits = { recordBytesMax, keepBytes }
  const probe = probeWith(take)
  const refused: Record<string, number> = {}
  let records = 0
  let looked = 0
  let bytes = 0
  async function* counted(): AsyncGenerator<Buffer> {
    const unbounded = { contentEncoding: undefined, decompressedBytesMax: Infinity, name: file }
    for await (const piece of readPlain(bytesOf(file), unbounded)) {
      bytes += piece.length
      yield piece
    }
  }
  const isDocument = isDocumentKey(basename(file))
  for await (const piece of isDocument
    ? readDocuments(counted(), limits)
    : readLines(counted(), limits)) {
    for (const record of piece.records) {
      if (looked === recordsMax) return { records, refused, isWhole: false }
      looked += 1
      const mapped = mapRecord(probe, record, 0)
      if ('rejection' in mapped) {
        const { reason } = mapped.rejection
        refused[reason] = (refused[reason] ?? 0) + 1
      } else records += 1
    }
    if (bytes > bytesMax) return { records, refused, isWhole: false }
  }
  return { records, refused, isWhole: true }
}
