import { expect, it } from 'vitest'
import { printable } from './printable.ts'

it('writes out what would steer a terminal, and leaves lines, tabs and letters', () => {
  expect(printable('a\tä\n\u{1f600}')).toBe('a\tä\n\u{1f600}')
  expect(printable('s3://b/\u001b[2Jk\r\u0007\u009b')).toBe('s3://b/\\x1b[2Jk\\x0d\\x07\\x9b')
})
