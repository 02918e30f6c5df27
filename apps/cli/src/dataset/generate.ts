import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { sampleRecords } from '@silversmith/datasets'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { UsageError } from '../usage-error.ts'

const pieceChars = 65_536

/** The text of the file in pieces of some size: a record each would be slow. */
function* piecesOf({ type, count, seed, format }: CommandOf<'generate'>): Generator<string> {
  const [begin, between, end] = format === 'json' ? ['[\n', ',\n', '\n]\n'] : ['', '\n', '\n']
  let piece = begin
  let first = true
  for (const record of sampleRecords(type, { seed, count })) {
    piece += first ? record : between + record
    first = false
    if (piece.length < pieceChars) continue
    yield piece
    piece = ''
  }
  yield piece + end
}

/** What the person can mend of a path; anything else is passed on. */
const unwritable = (path: string, error: unknown): unknown => {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EISDIR') return new UsageError(`--out ${path}: it is a folder: name a file of it`)
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return new UsageError(`--out ${path}: a file is where a folder would have to be`)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new UsageError(`--out ${path}: it may not be written`)
  return error
}

/**
 * Writes good records that are made up, in constant memory; the same ones for the same seed. A file that is there is replaced,
 * folders that are not there are made.
 */
export const runGenerate = async (
  command: CommandOf<'generate'>,
  signal: AbortSignal,
): Promise<Answer> => {
  const { type, count, seed, format, file } = command
  const folder = dirname(file)
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw unwritable(folder, error)
  })
  const written = createWriteStream(file)
  await pipeline(piecesOf(command), written, { signal }).catch((error: unknown) => {
    throw unwritable(file, error)
  })
  const bytes = written.bytesWritten
  return {
    document: { type, records: count, seed, format, file, bytes },
    text: `${counted(count, 'record')} of ${type} in ${file} (${bytes} bytes)\nto load them: npm start -- --input ${file} --dataset ${type}`,
    code: 0,
  }
}
