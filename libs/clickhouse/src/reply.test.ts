import { describe, expect, test } from 'vitest'
import { judgeInsert } from './reply.ts'

const good = { status: 200, exceptionCode: undefined, complete: true, body: '' }

describe('an INSERT succeeded only when all four agree', () => {
  test('status, header, framing and body', () => {
    expect(judgeInsert(good, 'x')).toBeUndefined()
  })

  test.each([
    ['another status', { status: 204 }],
    ['an exception code', { exceptionCode: '0' }],
    ['an answer that broke off', { complete: false }],
    ['a body', { body: 'x' }],
  ])('%s spoils it', (_, change) => {
    expect(judgeInsert({ ...good, ...change }, 'x')).toBeInstanceOf(Error)
  })
})
