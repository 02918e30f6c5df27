import { createRecordBuffer, isBlank, type RawRecord, type RecordLimits } from './record.ts'

const newline = 10
const carriageReturn = 13

/**
 * Splits a byte stream into records, one a line. Lines end with LF or CRLF, the last one may go without; blank lines count as
 * lines and are no records. Memory is bounded by the record limit, whatever the length of a line.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  limits: RecordLimits,
): AsyncGenerator<RawRecord> {
  const buffer = createRecordBuffer(limits)
  let ordinal = 0
  let line = 1
  let offset = 0

  const finish = (): RawRecord | undefined => {
    const start = offset
    const taken = buffer.take()
    offset += taken.sizeBytes
    const { cut } = taken
    const ends = !cut && taken.bytes.at(-1) === carriageReturn
    const bytes = ends ? taken.bytes.subarray(0, -1) : taken.bytes
    if (!cut && isBlank(bytes)) return undefined
    const sizeBytes = ends ? taken.sizeBytes - 1 : taken.sizeBytes
    return { ordinal: ordinal++, line, offset: start, sizeBytes, bytes, ...(cut && { cut }) }
  }

  for await (const piece of stream) {
    let start = 0
    for (;;) {
      const end = piece.indexOf(newline, start)
      if (end < 0) break
      buffer.add(piece.subarray(start, end))
      const record = finish()
      if (record) yield record
      start = end + 1
      line += 1
      offset += 1
    }
    if (start < piece.length) buffer.add(piece.subarray(start))
  }
  const last = finish()
  if (last) yield last
}
