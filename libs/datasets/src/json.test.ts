import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeJson } from './json.ts'

const nested = (depth: number, open: string, close: string): unknown =>
  JSON.parse(open.repeat(depth) + '1' + close.repeat(depth))

describe('writeJson', () => {
  it('writes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // JSON.stringify writes -0 as 0.
        const value: unknown = JSON.parse(JSON.stringify(JSON.parse(text)))
        expect(writeJson(value)).toBe(JSON.stringify(value))
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(['-0', '[-0]', '{"a":-0}', '{"a":[1,-0,0,{"b":-0}],"c":"[-0]"}', '[0,"-0",[[-0]],0.5]'])(
    'keeps the sign in %s',
    (text) => {
      expect(writeJson(JSON.parse(text))).toBe(text)
    },
  )

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
