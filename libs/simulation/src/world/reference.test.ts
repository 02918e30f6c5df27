import { expect, test } from 'vitest'
import { readReference as judge } from './reference.ts'

const note = (text: string) => judge(new TextEncoder().encode(text), undefined)

test('the reference parser gives rows, rejections and discards with their ordinals and lines', () => {
  const good = '{"id":"a","time":"2026-01-01T00:00:00Z","marks":["x"]}'
  const text = [good, '', '{"id":', '{"kind":"noise"}', '[1]', good].join('\n')
  expect(note(text)).toEqual({
    disposition: 'rows',
    records: 5,
    accepted: 2,
    discarded: 1,
    rows: ['0/0 line 1 notes a', '0/1 line 1 marks x', '4/0 line 6 notes a', '4/1 line 6 marks x'],
    rejections: ['1 invalid_json', '3 not_an_object'],
  })
})

test('objects over the limit and with unknown encodings give nothing', () => {
  expect(note('x'.repeat(4_000)).disposition).toBe('too-large')
  expect(judge(new Uint8Array([1]), 'br').disposition).toBe('unreadable')
  expect(note('').disposition).toBe('empty')
})
