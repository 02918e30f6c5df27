import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeJson } from './json.ts'

const nested = (depth: number, open: string, close: string): unknown =>
  JSON.parse(open.repeat(depth) + '1' + close.repeat(depth))

describe('writeJson', () => {
  it('writes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(writeJson(value)).toBe(JSON.stringify(value))
      }),
    )
  })

  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
    ['both, with neighbours', '[0,{"a":"é","__proto__":null,"b":', ',"c":[]},2]'],
  ])('writes %s nested deeper than the stack', (_, open, close) => {
    const depth = 100_000
    expect(writeJson(nested(depth, open, close))).toBe(
      open.repeat(depth) + '1' + close.repeat(depth),
    )
  })

  it('keeps numbers that are beyond a double as text', () => {
    expect(writeJson(JSON.parse('[1e999,-1e999]'))).toBe('["Infinity","-Infinity"]')
  })
})
