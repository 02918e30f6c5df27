import { createReadStream } from 'node:fs'
import { readLines } from '@silversmith/flow'

const pieceBytes = 64 * 1024
const limits = { recordBytesMax: 16 * 1024 * 1024, keepBytes: 0 }

/** The lines of a file, as they are read in production. */
export const linesOf = async function* (path: string): AsyncGenerator<Buffer> {
  for await (const { records } of readLines(
    createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Buffer>,
    limits,
  ))
    for (const { bytes } of records) yield bytes
}
