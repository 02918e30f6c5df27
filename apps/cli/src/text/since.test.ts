import { expect, it } from 'vitest'
import { startOf } from './since.ts'
import { UsageError } from '../usage-error.ts'

it('begins at a time, or so long ago, and never in the future', () => {
  const now = Date.UTC(2026, 5, 1)
  expect(startOf(undefined, now)).toBeUndefined()
  expect(startOf({ agoMs: 1_000 }, now)).toBe(now - 1_000)
  expect(startOf({ at: now }, now)).toBe(now)
  expect(() => startOf({ at: now + 1 }, now)).toThrow(UsageError)
})
