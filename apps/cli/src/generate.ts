import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { sampleRecords } from '@silversmith/datasets'
import type { Answer } from './answer.ts'
import type { CommandOf } from './command.ts'
import { counted } from './counted.ts'

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

/** Writes good records that are made up, in constant memory; the same ones for the same seed. A file that is there is replaced. */
export const runGenerate = async (
  command: CommandOf<'generate'>,
  signal: AbortSignal,
): Promise<Answer> => {
  const { type, count, seed, format, file } = command
  const written = createWriteStream(file)
  await pipeline(piecesOf(command), written, { signal })
  const bytes = written.bytesWritten
  return {
    document: { type, records: count, seed, format, file, bytes },
    text: `${counted(count, 'record')} of ${type} in ${file} (${bytes} bytes)\nto load them: npm start -- --input ${file} --dataset ${type}`,
    code: 0,
  }
}
