import { gzipSync } from 'node:zlib'
import { type Dataset, defaultLimits, sourceIdOf } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChunkBuilder } from '../staging/chunk-builder.ts'
import { createKindTally } from './kind-tally.ts'
import { createDriftTally } from '../drift/drift-tally.ts'
import { createGate } from '../reading/gate.ts'
import type { Quarantine } from '../quarantine/quarantine.ts'
import { createCounts, readSource } from './source-reader.ts'

/** A number is a row, `true` a discard, `"twice"` two rows, the rest a rejection. */
const dataset: Dataset = {
  ...{ name: 'numbers', version: 1, description: '' },
  tables: [
    {
      ...{ name: 'numbers', description: '', orderBy: [], indexes: [], views: [] },
      columns: [{ name: 'n', type: 'float64', nullable: false, description: '' }],
    },
  ],
  map: (record) => {
    if (record === true) return { discarded: 'asked' }
    const rowOf = (n: number) => ({ table: 'numbers', timeMicros: 0, values: [n] })
    if (typeof record === 'number') return { rows: [rowOf(record)] }
    if (record === 'twice') return { rows: [rowOf(1), rowOf(2)] }
    return { rejection: { reason: 'no_number' } }
  },
}

const limits = { ...defaultLimits, recordBytesMax: 40, quarantineRawBytesMax: 7 }
const settled = async (): Promise<void> => undefined

/** Everything that reading an object leaves behind. */
const read = async (key: string, bytes: Buffer, cuts: readonly number[]) => {
  const rows: unknown[] = []
  const rejections: unknown[] = []
  const counts = createCounts()
  const object = { bucket: 'b', key, version: 'v', versioned: true }
  async function* body(): AsyncGenerator<Uint8Array> {
    let from = 0
    const ends = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b)
    // Pieces of no bytes are pieces too.
    for (const end of [...ends, bytes.length]) {
      yield bytes.subarray(from, end)
      from = end
    }
  }
  const still = { isFull: () => true, settle: settled, brokenBy: () => undefined }
  const chunks: ChunkBuilder = {
    ...{ ...still, hasRoom: () => true, finish: async () => [] },
    addRow: (...row) => void rows.push(structuredClone(row)),
  }
  const quarantine: Quarantine = {
    ...{ ...still, finish: async () => [] },
    add: (_object, _dataset, record, rejection) =>
      void rejections.push({ ...record, bytes: record.bytes.toString('hex'), ...rejection }),
  }
  const types = { contentType: undefined, contentEncoding: undefined }
  const opened = { sizeBytes: bytes.length, lastModified: 5, ...types }
  await readSource({
    ...{ dataset, chunks, quarantine, limits, counts, loadedAtMicros: 9, readUntil: Infinity },
    ...{ contract: 'rescue', drift: createDriftTally(), kinds: createKindTally([dataset]) },
    ...{ hasAllTime: false, largeRecords: createGate(1) },
    source: { id: sourceIdOf('p', object), object, dataset: dataset.name, generation: 0 },
    bronze: { open: async () => ({ ...opened, body: body() }) },
    clock: { now: () => 0, sleep: settled },
    call: { deadline: Infinity, signal: new AbortController().signal },
  })
  const { sizeBytes, ...sums } = counts
  return { rows, rejections, sums, sizeBytes }
}

const part = fc.constantFrom(
  ...['1', '2.5', '1e3', 'true', '"twice"', 'null', '{"a":[1,"]"]}', '[1,2]', '"x\\"y"', '"é🦉"'],
  ...[
    '\n',
    '\r\n',
    '\n\n',
    ' ',
    '\t',
    '\r',
    ',',
    '[',
    ']',
    '{',
    '"',
    '\\',
    '\0',
    '\ufeff',
    'x'.repeat(50),
  ],
)
const bytesOf = fc
  .tuple(fc.array(part, { maxLength: 30 }), fc.option(fc.uint8Array({ maxLength: 6 })))
  .map(([parts, tail]) => Buffer.concat([Buffer.from(parts.join('')), Buffer.from(tail ?? [])]))
  // Two bytes of gzip's magic would make it an object that cannot be read.
  .filter((bytes) => bytes[0] !== 0x1f)
const cutsOf = fc.array(fc.nat(), { maxLength: 12 })

describe.each(['a.jsonl', 'a.json'])('the records of %s', (key) => {
  test('are the same wherever the stream is cut, plain, packed and packed in two members', async () => {
    await fc.assert(
      fc.asyncProperty(bytesOf, cutsOf, fc.nat(), async (bytes, cuts, at) => {
        const whole = await read(key, bytes, [])
        const border = at % (bytes.length + 1)
        const members = [bytes.subarray(0, border), bytes.subarray(border)]
        for (const form of [
          bytes,
          gzipSync(bytes),
          gzipSync(gzipSync(bytes)),
          Buffer.concat(members.map((member) => gzipSync(member))),
        ]) {
          const found = await read(key, form, cuts)
          expect(found).toEqual({ ...whole, sizeBytes: form.length })
        }
      }),
      { numRuns: 200 },
    )
  })

  test('are rows, rejected or discarded, each once and in its order', async () => {
    await fc.assert(
      fc.asyncProperty(bytesOf, cutsOf, async (bytes, cuts) => {
        const { rows, rejections, sums } = await read(key, bytes, cuts)
        const inRows = (rows as [unknown, unknown, { record: number }][]).map(
          ([, , { record }]) => record,
        )
        const inQuarantine = (rejections as { ordinal: number }[]).map(({ ordinal }) => ordinal)
        expect(inRows).toEqual(inRows.toSorted((a, b) => a - b))
        const ordinals = [...new Set(inRows), ...inQuarantine]
        expect(new Set(ordinals).size).toBe(ordinals.length)
        expect(sums).toMatchObject({ rows: new Set(inRows).size, rejected: inQuarantine.length })
        expect(sums.records).toBe(sums.rows + sums.rejected + sums.discarded)
        expect(Math.max(-1, ...ordinals)).toBeLessThan(sums.records)
      }),
      { numRuns: 300 },
    )
  })
})

test('as many records as lines that are not blank', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(part, { maxLength: 3 })), cutsOf, async (lines, cuts) => {
      const text = lines.map((parts) => parts.join('')).join('\n')
      const { sums } = await read('a.jsonl', Buffer.from(text), cuts)
      const seen = text.replace(/^\ufeff/, '').split('\n')
      expect(sums.records).toBe(seen.filter((line) => /[^ \t\r]/.test(line)).length)
    }),
  )
})
