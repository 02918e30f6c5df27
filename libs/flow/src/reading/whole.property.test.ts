import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReadPiece } from './record.ts'
import { readWhole } from './whole.ts'

const recordBytesMax = 40
const types = { contentType: 'image/png', contentEncoding: undefined }

const readAll = async (pieces: readonly Uint8Array[]): Promise<readonly ReadPiece[]> => {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* pieces
  }
  const read: ReadPiece[] = []
  for await (const piece of readWhole(stream(), types, recordBytesMax)) read.push(piece)
  return read
}

test('any bytes in any pieces are one record: whole up to the limit, beyond it size and hash', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(pieces, async (cuts) => {
      const whole = Buffer.concat(cuts)
      const read = await readAll(cuts)
      const isOver = whole.length > recordBytesMax
      const sha256 = createHash('sha256').update(whole).digest('hex')
      expect(read.flatMap(({ records }) => records)).toEqual([
        {
          ...{ ordinal: 0, line: null, offset: 0, sizeBytes: whole.length },
          bytes: isOver ? Buffer.alloc(0) : whole,
          ...(isOver && { cut: { sha256 } }),
          types,
        },
      ])
      for (const { begunBytes } of read) expect(begunBytes).toBeLessThanOrEqual(recordBytesMax)
    }),
  )
})
