import { describe, expect, test } from 'vitest'
import { judgeInsert } from './reply.ts'

const good = { status: 200, exceptionCode: undefined, queryId: 'q', complete: true, body: '' }

describe('an INSERT succeeded only when all five agree', () => {
  test('status, headers, framing and body', () => {
    expect(judgeInsert(good, 'q', 'x')).toBeUndefined()
  })

  test.each([
    ['another status', { status: 204 }],
    ['an exception code', { exceptionCode: '0' }],
    ['an answer that broke off', { complete: false }],
    ['a body', { body: 'x' }],
    ['no query id', { queryId: undefined }],
    ['the id of another query', { queryId: 'other' }],
  ])('%s spoils it', (_, change) => {
    expect(judgeInsert({ ...good, ...change }, 'q', 'x')).toBeInstanceOf(Error)
  })
})
