import { expect, test } from 'vitest'
import { createUlid } from './ulid.ts'

test('begins with its time, as the specification writes it', () => {
  expect(createUlid(1_469_918_176_385).slice(0, 10)).toBe('01ARYZ6S41')
  expect(createUlid(0).slice(0, 10)).toBe('0000000000')
  expect(createUlid(2 ** 48 - 1).slice(0, 10)).toBe('7ZZZZZZZZZ')
})

test('is 26 letters of Crockford, in the order of time, never the same', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => createUlid(1_700_000_000_000 + n))
  for (const one of many) expect(one).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  expect(many.toSorted()).toEqual(many)
  expect(new Set(Array.from({ length: 10_000 }, () => createUlid(1))).size).toBe(10_000)
})

test('uses every random bit', () => {
  const tails = Array.from({ length: 4_000 }, () => createUlid(1).slice(10))
  for (let at = 0; at < 16; at += 1) expect(new Set(tails.map((tail) => tail[at])).size).toBe(32)
})
