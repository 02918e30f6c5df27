import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CopyMark, readCopyMark, writeCopyMark } from './replicator.ts'

/** S3's keys: any UTF-8 of at most 1 024 bytes. */
const key = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 1_024 })
  .map((text) => Buffer.from(text).subarray(0, 1_024).toString().replaceAll('\ufffd', ''))
  .filter((text) => text !== '')

const mark: fc.Arbitrary<CopyMark> = fc.record({
  origin: fc.record({
    bucket: fc.constantFrom('b', 'x'.repeat(63)),
    key: fc.oneof(key, fc.constant('漢'.repeat(341))),
    version: fc.constantFrom('v1', 'e'.repeat(64)),
    versioned: fc.boolean(),
  }),
  lastModified: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
})

test('a mark of any key reads back, as ASCII and within what S3 takes of user metadata', () => {
  fc.assert(
    fc.property(mark, (one) => {
      const metadata = writeCopyMark(one)
      expect(readCopyMark(metadata)).toEqual(one)
      const all = Object.entries(metadata).flat().join('')
      expect(all).toMatch(/^[\x21-\x7e]+$/)
      expect(all.length).toBeLessThanOrEqual(2_048)
    }),
  )
})
