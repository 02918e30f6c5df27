import { expect, test } from 'vitest'
import { redeliveryMs } from './redelivery.ts'

test('a message comes again after 30 s, then later and later, with a jitter of a half', () => {
  expect([1, 2, 3, 4].map((receives) => redeliveryMs(receives, 1))).toEqual([
    30_000, 60_000, 120_000, 240_000,
  ])
  expect(redeliveryMs(1, 0)).toBe(15_000)
  expect(redeliveryMs(60, 1)).toBe(10_800_000)
})

test('fifty receives outlast an outage of two days, even when chance is always the shortest', () => {
  const total = Array.from({ length: 50 }, (_, n) => redeliveryMs(n + 1, 0)).reduce((a, b) => a + b)
  expect(total).toBeGreaterThan(2 * 86_400_000)
  const usual = Array.from({ length: 50 }, (_, n) => redeliveryMs(n + 1, 0.5)).reduce(
    (a, b) => a + b,
  )
  expect(usual).toBeGreaterThan(3.5 * 86_400_000)
})
