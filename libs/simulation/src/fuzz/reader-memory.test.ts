import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import type { Limits } from '@silversmith/core'
import { rawObjects } from '@silversmith/datasets'
import { describe, expect, test } from 'vitest'
import { memoDataset } from './memo-dataset.ts'
import { usualLimits } from './fuzz-input.ts'
import type { Outcome } from './outcome.ts'
import { readBody } from './reading.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const mib = 1024 * 1024
const pieceBytes = 64 * 1024
const limits: Limits = {
  ...usualLimits,
  recordBytesMax: mib,
  quarantineRawBytesMax: 64 * 1024,
  objectBytesMax: 1024 * mib,
  decompressedBytesMax: 1024 * mib,
}
/** Twice the record limit, for the moment a record is joined, and a few pieces on their way. */
const heldBytesMax = 2 * limits.recordBytesMax + mib

/** Twice: what the first run finds dead may be counted until the second. */
const heldNow = (): number => {
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** Until the record limit is passed, every piece is looked at. */
const firstPieces = 24

/** Fresh pieces, so that each one kept is seen; looks at what is held before the first ones and then every so often. */
const watched = (pieces: Iterable<Buffer>, everyPieces: number) => {
  const before = heldNow()
  const seen = { heldBytes: 0, pieces: 0 }
  async function* body(): AsyncGenerator<Buffer> {
    for (const piece of pieces) {
      const isFirst = seen.pieces < firstPieces
      if (seen.pieces++ % everyPieces === 0 || isFirst)
        seen.heldBytes = Math.max(seen.heldBytes, heldNow() - before)
      yield piece
    }
  }
  return { body: body(), seen }
}

function* repeated(byte: string, sizeBytes: number): Generator<Buffer> {
  for (let left = sizeBytes; left > 0; left -= pieceBytes)
    yield Buffer.alloc(Math.min(left, pieceBytes), byte)
}

function* cut(bytes: Buffer, ownPieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += ownPieceBytes)
    yield Buffer.from(bytes.subarray(at, at + ownPieceBytes))
}

const read = (
  key: string,
  body: AsyncIterable<Uint8Array>,
  own = limits,
  dataset = memoDataset,
): Promise<Outcome> =>
  readBody({
    ...{ key, body, dataset, limits: own, sizeBytes: 1 },
    contentEncoding: undefined,
  })

const lineBytes = 100 * mib

describe('of a record of 100 MB the reader holds no more than twice the record limit', () => {
  test.each([
    ['a line', 'a.jsonl', '', '\n{"kind":"noise"}\n'],
    ['a document', 'a.json', '["', '", {"kind":"noise"}]'],
  ])('%s', async (_, key, before, after) => {
    function* pieces(): Generator<Buffer> {
      yield Buffer.from(before)
      yield* repeated('x', lineBytes)
      yield Buffer.from(after)
    }
    const { body, seen } = watched(pieces(), 40)
    const outcome = await read(key, body)
    const [rejection] = outcome.rejections
    expect(outcome.counts).toMatchObject({ records: 2, rejected: 1, discarded: 1 })
    expect(rejection).toMatchObject({ reason: 'record_too_large' })
    expect(rejection?.raw.length).toBe(limits.quarantineRawBytesMax)
    const quote = before.slice(1)
    const hash = createHash('sha256').update(quote)
    for (const piece of repeated('x', lineBytes)) hash.update(piece)
    expect(rejection?.sha256).toBe(hash.update(quote).digest('hex'))
    expect(seen.pieces).toBeGreaterThan(1_000)
    expect(seen.heldBytes).toBeGreaterThan(0)
    expect(seen.heldBytes).toBeLessThan(heldBytesMax)
  })
})

test('of a raw object of 100 MB the reader holds no more than twice the record limit', async () => {
  const { body, seen } = watched(repeated('\n', lineBytes), 40)
  const outcome = await read('a.bin', body, limits, rawObjects)
  expect(outcome.counts).toMatchObject({ records: 1, rows: 1 })
  expect(seen.pieces).toBe(lineBytes / pieceBytes)
  expect(seen.heldBytes).toBeGreaterThan(0)
  expect(seen.heldBytes).toBeLessThan(heldBytesMax)
})

describe('of a gzip bomb the reader holds no more than twice the record limit', () => {
  const member = gzipSync(Buffer.alloc(16 * mib, 'x'), { level: 1 })
  const bomb = Buffer.concat(Array.from({ length: 12 }, () => member))

  test('that is one line of 192 MB', async () => {
    const { body, seen } = watched(cut(bomb, 4096), 10)
    const outcome = await read('a.jsonl.gz', body)
    expect(outcome.counts).toMatchObject({ records: 1, rejected: 1 })
    expect(outcome.rejections[0]).toMatchObject({ sizeBytes: 192 * mib })
    expect(seen.heldBytes).toBeLessThan(heldBytesMax)
  })

  test('that is stopped by the cap on unpacked bytes, long before its end', async () => {
    const { body, seen } = watched(cut(bomb, 4096), 10)
    const outcome = await read('a.jsonl.gz', body, { ...limits, decompressedBytesMax: 8 * mib })
    expect(outcome.disposition).toBe('too-large')
    expect(seen.pieces).toBeLessThan(bomb.length / 4096 / 4)
    expect(seen.heldBytes).toBeLessThan(heldBytesMax)
  })
})

test('an object of 300 000 lines leaves nothing behind in the reader', async () => {
  function* pieces(): Generator<Buffer> {
    for (let at = 0; at < 300; at += 1) yield Buffer.from('{"kind":"noise"}\n'.repeat(1_000))
  }
  const { body, seen } = watched(pieces(), 100)
  const outcome = await read('a.jsonl', body)
  expect(outcome.counts).toMatchObject({ records: 300_000, discarded: 300_000 })
  expect(seen.heldBytes).toBeLessThan(heldBytesMax)
})
