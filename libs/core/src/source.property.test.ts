import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  identify,
  type ObjectRef,
  readObjectsMessage,
  sortableSequencer,
  sourceIdOf,
  writeObjectsMessage,
} from './source.ts'

const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({
    unit: fc.constantFrom('+', '%', ' ', '/', '.', '"', ',', '\\', 'null'),
    minLength: 1,
  }),
)
const object: fc.Arbitrary<ObjectRef> = fc.record({
  bucket: name,
  key: name,
  version: name,
  versioned: fc.boolean(),
})

describe('the id of a source', () => {
  test('is one for equal objects, and another wherever pipeline, bucket, key or version differ', () => {
    const named = fc.tuple(name, object)
    fc.assert(
      fc.property(named, named, ([pipeline, one], [other, two]) => {
        const parts = (of: string, { bucket, key, version }: ObjectRef) => [
          of,
          bucket,
          key,
          version,
        ]
        const isSame = JSON.stringify(parts(pipeline, one)) === JSON.stringify(parts(other, two))
        expect(sourceIdOf(pipeline, one) === sourceIdOf(other, two)).toBe(isSame)
        expect(sourceIdOf(pipeline, { ...one })).toBe(sourceIdOf(pipeline, one))
      }),
    )
  })

  test('does not change when a border between its parts is moved', () => {
    fc.assert(
      fc.property(name, name, name, fc.nat(), (bucket, key, version, cut) => {
        const joined = bucket + key
        const at = 1 + (cut % joined.length)
        fc.pre(at !== bucket.length && at < joined.length)
        const moved = { bucket: joined.slice(0, at), key: joined.slice(at), version }
        const own = { bucket, key, version }
        expect(sourceIdOf('p', { ...moved, versioned: true })).not.toBe(
          sourceIdOf('p', { ...own, versioned: true }),
        )
      }),
    )
  })
})

test('an objects message gives back what was sent, in ASCII, whatever the names', () => {
  fc.assert(
    fc.property(
      object,
      fc.option(name, { nil: undefined }),
      fc.nat(2 ** 32 - 1),
      (ref, dataset, generation) => {
        const source = { id: sourceIdOf('p', ref), object: ref, dataset, generation }
        const body = writeObjectsMessage('p', { kind: 'source', source })
        expect(body).toMatch(/^[\x20-\x7e]*$/)
        expect(readObjectsMessage('p', body)).toEqual({ kind: 'source', source })
        expect(readObjectsMessage('q', body)).toBeUndefined()
      },
    ),
  )
})

test('no text at all makes the reader of objects messages throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      expect(() => readObjectsMessage('p', body)).not.toThrow()
    }),
  )
})

test('an etag names the same object with and without quotes and weakness', () => {
  const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef-'), minLength: 1 })
  fc.assert(
    fc.property(name, name, hex, (bucket, key, etag) => {
      const plain = identify({ bucket, key, etag })
      for (const written of [`"${etag}"`, `W/"${etag}"`])
        for (const versionId of [undefined, null, '', 'null'])
          expect(identify({ bucket, key, etag: written, versionId })).toEqual(plain)
    }),
  )
})

describe('sequencers', () => {
  const sequencer = fc
    .tuple(fc.bigInt({ min: 0n, max: 16n ** 18n - 1n }), fc.nat(4), fc.boolean())
    .map(([number, zeros, isUpper]) => {
      const digits = '0'.repeat(zeros) + number.toString(16)
      return isUpper ? digits.toUpperCase() : digits
    })
  const compare = (one: string, other: string): number => {
    const [a, b] = [sortableSequencer(one), sortableSequencer(other)]
    return a < b ? -1 : a > b ? 1 : 0
  }

  test('sort as the numbers they are, whatever their length and letters', () => {
    fc.assert(
      fc.property(sequencer, sequencer, (one, other) => {
        const [a, b] = [BigInt(`0x${one}`), BigInt(`0x${other}`)]
        expect(compare(one, other)).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })

  test('have one order', () => {
    fc.assert(
      fc.property(fc.array(sequencer), fc.infiniteStream(fc.nat()), (given, draws) => {
        const sorted = (texts: readonly string[]) => texts.map(sortableSequencer).toSorted()
        const shuffled = given
          .map((text) => ({ text, draw: draws.next().value ?? 0 }))
          .toSorted((a, b) => a.draw - b.draw)
        expect(sorted(shuffled.map(({ text }) => text))).toEqual(sorted(given))
      }),
    )
  })

  test('of one write are one, from native events and from EventBridge', () => {
    expect(compare('00617F08299329D189', '617f08299329d189')).toBe(0)
    expect(compare('0055AED6DCD90281E5', '617f08299329d189')).toBe(-1)
  })
})
