import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDocuments } from './documents.ts'
import { readLines } from './lines.ts'
import type { RawRecord, ReadPiece } from './record.ts'

const limits = { recordBytesMax: 1000, keepBytes: 10 }

async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  let from = 0
  for (const to of [...at, bytes.length]) {
    if (to > from) yield bytes.subarray(from, to)
    from = to
  }
}

const collect = async (pieces: AsyncIterable<ReadPiece>): Promise<RawRecord[]> => {
  const all: RawRecord[] = []
  for await (const { records } of pieces)
    for (const record of records) all.push({ ...record, bytes: Buffer.from(record.bytes) })
  return all
}

const lines = (text: string | Buffer, cuts: readonly number[] = []): Promise<RawRecord[]> =>
  collect(readLines(pieces(Buffer.from(text), cuts), limits))
const documents = (text: string, cuts: readonly number[] = []): Promise<RawRecord[]> =>
  collect(readDocuments(pieces(Buffer.from(text), cuts), limits))
const texts = (records: readonly RawRecord[]): string[] =>
  records.map(({ bytes }) => bytes.toString())

describe('lines', () => {
  test('count physically, blank ones included, and number records without them', async () => {
    const found = await lines('a\r\n\n  \t\nb\n\nc')
    expect(
      found.map(({ ordinal, line, offset, bytes }) => [ordinal, line, offset, bytes.toString()]),
    ).toEqual([
      [0, 1, 0, 'a'],
      [1, 4, 8, 'b'],
      [2, 6, 11, 'c'],
    ])
  })

  test('of an empty object are none', async () => {
    expect(await lines('')).toEqual([])
    expect(await lines('\n\r\n \n')).toEqual([])
  })

  test('come out the same however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', '{"x":1}', '\n', '\r\n', ' ', 'é', '\u0000'), {
          maxLength: 40,
        }),
        fc.array(fc.nat(200), { maxLength: 10 }),
        async (parts, cuts) => {
          const text = parts.join('')
          expect(await lines(text, cuts)).toEqual(await lines(text))
          const reference = text.split('\n').map((line) => line.replace(/\r$/, ''))
          expect(texts(await lines(text, cuts))).toEqual(
            reference.filter((line) => /[^ \t\r]/.test(line)),
          )
        },
      ),
    )
  })

  test('over the limit are cut to their beginning, with length and hash of the whole; the next is untouched', async () => {
    const long = 'x'.repeat(5000)
    const [first, cut, last] = await lines(`a\n${long}\nb`, [1, 700, 1500, 3000])
    expect(first).not.toHaveProperty('cut')
    expect(cut?.bytes.toString()).toBe('x'.repeat(10))
    expect(cut).toMatchObject({ sizeBytes: 5000, line: 2, offset: 2 })
    expect(cut?.cut?.sha256).toBe(createHash('sha256').update(long).digest('hex'))
    expect(last).toMatchObject({ ordinal: 2, line: 3, offset: 5003 })
  })
})

describe('documents', () => {
  test.each([
    ['an array', '[{"a":1}, {"b":[1,{"c":"]}"}]}]', ['{"a":1}', '{"b":[1,{"c":"]}"}]}']],
    ['one pretty-printed document', '{\n  "a": "\\"{"\n}\n', ['{\n  "a": "\\"{"\n}']],
    [
      'concatenated documents',
      '{"a":1}{"b":2}\n[{"c":3}]{"d":4}',
      ['{"a":1}', '{"b":2}', '{"c":3}', '{"d":4}'],
    ],
    [
      'values that are no objects',
      '[1, "a,b", null, [2]] true',
      ['1', '"a,b"', 'null', '[2]', 'true'],
    ],
    ['stray commas and brackets', '{"a":1},]{"b":2}', ['{"a":1}', ',', ']', '{"b":2}']],
    ['nothing', ' \n', []],
  ])('split %s into its records', async (_, text, expected) => {
    expect(texts(await documents(text))).toEqual(expected)
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(texts(await documents(text, [cut]))).toEqual(expected)
    }
  })

  test('agree with JSON.parse on every array, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(500)), async (values, cuts) => {
        const found = await documents(JSON.stringify(values, null, 1), cuts)
        expect(found.map(({ bytes, cut }) => (cut ? cut : JSON.parse(bytes.toString())))).toEqual(
          values.map((value, index) => found[index]?.cut ?? JSON.parse(JSON.stringify(value))),
        )
      }),
    )
  })

  test('that end in the middle are told as broken, the records before them are whole', async () => {
    const cut = await documents('[{"a":1},{"b":')
    expect(cut.map(({ broken }) => broken)).toEqual([
      undefined,
      'truncated_document',
      'truncated_array',
    ])
    const open = await documents(' [{"a":1}')
    expect(open.map(({ broken, offset }) => [broken, offset])).toEqual([
      [undefined, 2],
      ['truncated_array', 1],
    ])
  })
})
