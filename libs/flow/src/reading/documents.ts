import {
  createRecordBuffer,
  type FramingReason,
  type RawRecord,
  type ReadPiece,
  type RecordLimits,
} from './record.ts'

const code = (text: string): number => text.charCodeAt(0)
const quote = code('"')
const backslash = code('\\')
const comma = code(',')
const open = { brace: code('{'), bracket: code('[') }
const close = { brace: code('}'), bracket: code(']') }

const isSpace = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9

/**
 * Splits a stream of JSON documents into records: each element of a top-level array, each other top-level value. One array,
 * one pretty-printed document and concatenated documents all read so. Framing is by brackets and strings only; whether a
 * record is JSON is for the parser to say. A record that the stream ends in the middle of is `broken`; an array likewise, told by
 * one more record without bytes, at the array's offset, after those that were whole. Each piece of the stream gives the records
 * that end in it.
 */
export async function* readDocuments(
  stream: AsyncIterable<Buffer>,
  limits: RecordLimits,
): AsyncGenerator<ReadPiece> {
  const scanner = createScanner(limits)
  for await (const piece of stream) {
    const records = scanner.scan(piece)
    yield { records, begunBytes: scanner.begunBytes() }
  }
  yield { records: scanner.end(), begunBytes: 0 }
}

const createScanner = (limits: RecordLimits) => {
  const buffer = createRecordBuffer(limits)
  let ordinal = 0
  let position = 0
  let start = 0
  let arrayStart = 0
  let inArray = false
  // What the scanner is inside of: nothing, a bracketed value (depth > 0), a bare string or a bare token.
  let inside: 'none' | 'value' | 'string' | 'token' = 'none'
  let depth = 0
  let inString = false
  let escaped = false

  const finish = (broken?: FramingReason): RawRecord => {
    inside = 'none'
    return {
      ordinal: ordinal++,
      line: null,
      offset: start,
      ...buffer.take(),
      ...(broken && { broken }),
    }
  }

  /** True when `byte` is the last of the record. */
  const step = (byte: number): boolean => {
    if (inString) {
      if (escaped) escaped = false
      else if (byte === backslash) escaped = true
      else if (byte === quote) {
        inString = false
        return inside === 'string'
      }
      return false
    }
    if (byte === quote) inString = true
    else if (byte === open.brace || byte === open.bracket) depth += 1
    else if (byte === close.brace || byte === close.bracket) {
      depth -= 1
      return depth <= 0
    }
    return false
  }

  /** A token ends before anything that cannot belong to it. */
  const endsToken = (byte: number): boolean =>
    isSpace(byte) ||
    byte === comma ||
    byte === open.brace ||
    byte === open.bracket ||
    byte === close.brace ||
    byte === close.bracket

  const scan = (piece: Buffer): readonly RawRecord[] => {
    const records: RawRecord[] = []
    let from = 0
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at]!
      if (inside === 'token' && endsToken(byte)) {
        buffer.add(piece.subarray(from, at))
        records.push(finish())
      }
      if (inside === 'none') {
        if (isSpace(byte) || (byte === comma && inArray)) continue
        if (byte === open.bracket && !inArray) {
          inArray = true
          arrayStart = position + at
          continue
        }
        if (byte === close.bracket && inArray) {
          inArray = false
          continue
        }
        from = at
        start = position + at
        depth = 0
        escaped = false
        const opens = byte === open.brace || byte === open.bracket
        inside = opens ? 'value' : byte === quote ? 'string' : 'token'
        inString = byte === quote
        depth = opens ? 1 : 0
        // A stray comma or closing bracket is a record of one byte, so that nothing disappears unseen.
        if (inside === 'token' && endsToken(byte)) {
          buffer.add(piece.subarray(at, at + 1))
          records.push(finish())
        }
        continue
      }
      if (inside !== 'token' && step(byte)) {
        buffer.add(piece.subarray(from, at + 1))
        records.push(finish())
      }
    }
    if (inside !== 'none') buffer.add(piece.subarray(from))
    position += piece.length
    return records
  }

  /** What the end of the stream ends. */
  const end = (): readonly RawRecord[] => {
    const last: RawRecord[] = []
    if (inside === 'token') last.push(finish())
    else if (inside !== 'none') last.push(finish('truncated_document'))
    if (inArray) last.push({ ...finish('truncated_array'), offset: arrayStart })
    return last
  }

  return { scan, end, begunBytes: () => buffer.size() }
}
