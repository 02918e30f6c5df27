import {
  createRecordBuffer,
  isBlank,
  type RawRecord,
  type ReadPiece,
  type RecordLimits,
  type TakenBytes,
} from './record.ts'

const newline = 10
const carriageReturn = 13

/**
 * Splits a byte stream into records, one a line; each piece of the stream gives those that end in it. Lines end with LF or
 * CRLF, the last one may go without; blank lines count as lines and are no records. Memory is bounded by the record limit,
 * whatever the length of a line.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  limits: RecordLimits,
): AsyncGenerator<ReadPiece> {
  const begun = createRecordBuffer(limits)
  let ordinal = 0
  let line = 1
  let offset = 0

  const finish = (taken: TakenBytes, records: RawRecord[]): void => {
    const start = offset
    offset += taken.sizeBytes
    const { cut } = taken
    const ends = !cut && taken.bytes.at(-1) === carriageReturn
    const bytes = ends ? taken.bytes.subarray(0, -1) : taken.bytes
    if (!cut && isBlank(bytes)) return
    const sizeBytes = ends ? taken.sizeBytes - 1 : taken.sizeBytes
    const record = { ordinal: ordinal++, line, offset: start, sizeBytes, bytes }
    records.push(cut ? { ...record, cut } : record)
  }

  for await (const piece of stream) {
    const records: RawRecord[] = []
    let start = 0
    for (;;) {
      const end = piece.indexOf(newline, start)
      if (end < 0) break
      const bytes = piece.subarray(start, end)
      if (begun.size() === 0 && bytes.length <= limits.recordBytesMax) {
        finish({ bytes, sizeBytes: bytes.length }, records)
      } else {
        begun.add(bytes)
        finish(begun.take(), records)
      }
      start = end + 1
      line += 1
      offset += 1
    }
    if (start < piece.length) begun.add(piece.subarray(start))
    yield { records, begunBytes: begun.size() }
  }
  const last: RawRecord[] = []
  finish(begun.take(), last)
  yield { records: last, begunBytes: 0 }
}
