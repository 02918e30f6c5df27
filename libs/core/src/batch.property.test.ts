import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repairTokenOf, tokenOf } from './batch.ts'

/** Ids are ULIDs; the token must not count on it. */
const batch = fc.oneof(
  fc.ulid(),
  fc.string({ unit: fc.constantFrom(...'#0123456789ab'), maxLength: 6 }),
)
const n = fc.oneof(fc.nat(20), fc.nat())

test('two chunks have one token only when they are one chunk', () => {
  fc.assert(
    fc.property(batch, n, batch, n, (one, first, other, second) => {
      expect(tokenOf(one, first) === tokenOf(other, second)).toBe(one === other && first === second)
    }),
    { numRuns: 2_000 },
  )
})

test('a repair has a token of its own: of its chunk, its number and its day, and never that of a chunk', () => {
  const day = fc.constantFrom('2026-01-01', '2026-01-11', '2026-11-01')
  const own = fc.constantFrom('B', 'B#1', 'B#')
  // Digits that run into each other where nothing stands between.
  const digits = fc.constantFrom(1, 2, 11, 12, 111)
  const repair = fc.tuple(own, digits, digits, day)
  fc.assert(
    fc.property(repair, repair, own, n, (one, other, plain, plainN) => {
      expect(repairTokenOf(...one) === repairTokenOf(...other)).toBe(
        JSON.stringify(one) === JSON.stringify(other),
      )
      expect(repairTokenOf(...one)).not.toBe(tokenOf(plain, plainN))
    }),
    { numRuns: 5_000 },
  )
})
