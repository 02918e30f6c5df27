import { expect, test } from 'vitest'
import { compare } from './comparison.ts'

const due = new Set(['a', 'b', 'c'])

test('what is there once each differs in nothing', () => {
  expect(compare(due, ['c', 'a', 'b'])).toEqual({ lost: [], duplicated: [], extra: [] })
})

test('one lost and one doubled are both told, though the count is right', () => {
  expect(compare(due, ['a', 'a', 'b'])).toEqual({ lost: ['c'], duplicated: ['a'], extra: [] })
})

test('every further copy counts, and what nobody asked for is extra each time', () => {
  expect(compare(due, ['a', 'a', 'a', 'b', 'c', 'd', 'd'])).toEqual({
    ...{ lost: [], duplicated: ['a', 'a'], extra: ['d', 'd'] },
  })
})
