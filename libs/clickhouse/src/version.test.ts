import { expect, test } from 'vitest'
import { versionProblem } from './version.ts'

test.each([
  ['23.3.1.1', false, /too old/],
  ['22.12.1.1', false, /too old/],
  ['', false, /too old/],
  ['24.5.2.34', true, /80735/],
])('ClickHouse %s (replicated: %s) is refused: %s', (version, replicated, reason) => {
  expect(versionProblem(version, replicated)).toMatch(reason)
})

test.each([
  ['23.8.1.1', false],
  ['24.5.2.34', false],
  ['26.7.2.1', true],
])('ClickHouse %s (replicated: %s) is taken', (version, replicated) => {
  expect(versionProblem(version, replicated)).toBeUndefined()
})
