import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { splitLines, unpack } from './line-splitter.ts'

async function* piecesOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

const partsOf = async (bytes: Buffer, size: number, lines: number) => {
  const parts: string[] = []
  for await (const part of splitLines(piecesOf(bytes, size), lines))
    parts.push(part.toString('latin1'))
  return parts
}

it('cuts after every N lines, the last part may be shorter or lack its newline', async () => {
  expect(await partsOf(Buffer.from('a\nbb\n\nd\ne'), 3, 2)).toEqual(['a\nbb\n', '\nd\n', 'e'])
  expect(await partsOf(Buffer.from('a\nb\n'), 1, 2)).toEqual(['a\nb\n'])
  expect(await partsOf(Buffer.from(''), 1, 2)).toEqual([])
})

it('loses and adds no byte, whatever the bytes and the pieces they come in', async () => {
  const bytes = fc.array(fc.constantFrom(0x0a, 0x0d, 0x61, 0xff), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      async (all, size, lines) => {
        const buffer = Buffer.from(all)
        const parts = await partsOf(buffer, size, lines)
        expect(parts.join('')).toBe(buffer.toString('latin1'))
        for (const part of parts.slice(0, -1))
          expect([part.split('\n').length - 1, part.endsWith('\n')]).toEqual([lines, true])
      },
    ),
  )
})

const unpacked = async (bytes: Buffer, size: number) => {
  const parts: Uint8Array[] = []
  for await (const part of unpack(piecesOf(bytes, size))) parts.push(part)
  return Buffer.concat(parts).toString()
}

it('unpacks gzip, also of several members, and leaves other bytes alone', async () => {
  const twice = Buffer.concat([gzipSync('one\n'), gzipSync('two\n')])
  expect(await unpacked(twice, 1)).toBe('one\ntwo\n')
  for (const text of ['', 'x', 'plain\n']) expect(await unpacked(Buffer.from(text), 1)).toBe(text)
})

it('fails on gzip that is cut', async () => {
  const cut = gzipSync('x'.repeat(1000)).subarray(0, 20)
  await expect(unpacked(cut, 7)).rejects.toThrow()
})
