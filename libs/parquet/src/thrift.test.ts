import { expect, test } from 'vitest'
import { readStruct } from './thrift-reader.ts'
import { binary, bytesOf, flag, i32, i64, i8, list, struct, text } from './thrift-writer.ts'

test('what is written in thrift is read as it was, at every length of a number and of a list', () => {
  const numbers = Array.from({ length: 53 }, (_, power) => [2 ** power - 1, 2 ** power]).flat()
  const { struct: read, sizeBytes } = readStruct(
    bytesOf(
      struct({
        1: flag(true),
        2: flag(false),
        3: i8(64),
        4: list(numbers.map(i64)),
        5: undefined,
        6: list(numbers.slice(0, 14).map(i32)),
        8: struct({ 1: struct({}), 15: text('ø') }),
        9: binary(Uint8Array.of(0, 255)),
        10: list([]),
      }),
    ),
  )
  expect(read.get(4)).toEqual(numbers.map(BigInt))
  expect(read.get(6)).toEqual(numbers.slice(0, 14))
  expect([1, 2, 3, 5, 10].map((id) => read.get(id))).toEqual([true, false, 64, undefined, []])
  const inner = read.get(8) as ReadonlyMap<number, unknown>
  expect(inner.get(1)).toEqual(new Map())
  expect(inner.get(15)).toEqual(Buffer.from('ø'))
  expect(read.get(9)).toEqual(Buffer.from([0, 255]))
  expect(sizeBytes).toBeGreaterThan(numbers.length)
})
