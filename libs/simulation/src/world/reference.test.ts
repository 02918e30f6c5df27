import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readReference } from './reference.ts'

const judge = (key: string, content: string | Uint8Array, contentEncoding?: string) => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return readReference({ key, bytes, contentEncoding })
}
const good = '{"id":"a","time":"2026-01-01T00:00:00Z","marks":["x"]}'

test('the reference parser gives rows, rejections and discards with their ordinals and lines', () => {
  const text = [good, '', '{"id":', '{"kind":"noise"}', '[1]', good].join('\n')
  const expected = {
    disposition: 'rows',
    records: 5,
    accepted: 2,
    discarded: 1,
    rows: ['0/0 line 1 notes a', '0/1 line 1 marks x', '4/0 line 6 notes a', '4/1 line 6 marks x'],
    rejections: ['1 invalid_json', '3 not_an_object'],
  }
  expect(judge('notes/a.jsonl', text)[1]).toEqual(expected)
  expect(judge('notes/a.jsonl.gz', gzipSync(text))[1]).toEqual(expected)
})

test('the second release makes other rows of the same records', () => {
  const text = `${good}\n{"id":"b","time":"yesterday"}`
  const { 1: first, 2: second } = judge('notes/a.jsonl', text)
  expect(first.rejections).toEqual(['1 invalid_time'])
  expect(second.rejections).toEqual([])
  expect(second.rows.slice(0, 3)).toEqual([
    '0/0 line 1 notes a of size 1',
    '0/1 line 1 marks released',
    '0/2 line 1 marks x',
  ])
})

test('arrays are split into their elements, and one that is cut off is told', () => {
  const { rows, rejections } = judge('notes/a.json', `[${good},\n3`)[1]
  expect(rows).toEqual(['0/0 line null notes a', '0/1 line null marks x'])
  expect(rejections).toEqual(['1 not_an_object', '2 truncated_array'])
})

test('objects over a limit and with unknown encodings give nothing', () => {
  expect(judge('notes/a.jsonl', 'x'.repeat(4_000))[1].disposition).toBe('too-large')
  expect(judge('notes/a.jsonl', gzipSync('x'.repeat(9_000)))[1].disposition).toBe('too-large')
  expect(judge('notes/a.jsonl', new Uint8Array([1]), 'br')[1].disposition).toBe('unreadable')
  expect(judge('notes/a.jsonl', gzipSync(good).subarray(0, 20))[1].disposition).toBe('unreadable')
  expect(judge('notes/a.jsonl', '')[1].disposition).toBe('empty')
})
