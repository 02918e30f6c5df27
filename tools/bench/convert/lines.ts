import { createReadStream } from 'node:fs'
import { type RawRecord, readLines } from '@silversmith/flow'

const pieceBytes = 64 * 1024
const limits = { recordBytesMax: 16 * 1024 * 1024, keepBytes: 0 }

/** The lines of a file, as they are read in production: those that end in each piece of it. */
export const linesOf = async function* (path: string): AsyncGenerator<readonly RawRecord[]> {
  for await (const { records } of readLines(
    createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Buffer>,
    limits,
  ))
    yield records
}
