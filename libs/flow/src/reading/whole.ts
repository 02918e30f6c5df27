import { createRecordBuffer, type ObjectTypes, type ReadPiece } from './record.ts'

/** The whole stream as one record, also where it has no bytes at all; of one over the limit only size and hash are kept. */
export async function* readWhole(
  stream: AsyncIterable<Uint8Array>,
  { contentType, contentEncoding }: ObjectTypes,
  recordBytesMax: number,
): AsyncGenerator<ReadPiece> {
  const buffer = createRecordBuffer({ recordBytesMax, keepBytes: 0 })
  for await (const piece of stream) {
    buffer.add(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    // What is over the limit is not held, so that others need not wait for its end.
    yield { records: [], begunBytes: buffer.size() > recordBytesMax ? 0 : buffer.size() }
  }
  const types = { contentType, contentEncoding }
  yield {
    records: [{ ordinal: 0, line: null, offset: 0, ...buffer.take(), types }],
    begunBytes: 0,
  }
}
