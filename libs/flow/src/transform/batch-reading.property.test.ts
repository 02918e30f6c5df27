import {
  defaultLimits,
  Fault,
  type FaultCode,
  faults,
  type Source,
  sourceIdOf,
} from '@silversmith/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBatch, type ReadingDeps } from './batch-reading.ts'

const codes = Object.keys(faults) as FaultCode[]

/** How reading an object ends; text of so many lines comes before the fault. */
type Fate = { readonly code: FaultCode | 'BUG' | undefined; readonly lines: number }
const fate: fc.Arbitrary<Fate> = fc.record({
  code: fc.constantFrom(...codes, 'BUG' as const, undefined, undefined),
  lines: fc.nat(3),
})

const read = async (fates: readonly Fate[]) => {
  let nowMs = 0
  const sources = fates.map((_, index): Source => {
    const object = { bucket: 'b', key: `${index}.jsonl`, version: 'v', versioned: true }
    return { id: sourceIdOf('p', object), object, dataset: 'd', generation: 0 }
  })
  const open: ReadingDeps['bronze']['open'] = async ({ key }) => {
    const { code, lines } = fates[Number.parseInt(key)]!
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let line = 0; line < lines; line += 1) yield Buffer.from(`${line}\n`)
      if (code === 'BUG') throw new TypeError('bug')
      if (code !== undefined) throw new Fault(code, 'as drawn')
    }
    const types = { contentType: undefined, contentEncoding: undefined }
    return { sizeBytes: 9, lastModified: 0, ...types, body: body() }
  }
  const written = new Map<string, Buffer>()
  const deps = {
    datasets: [
      {
        ...{ name: 'd', version: 1, description: '', tables: [] },
        map: () => ({ rejection: { reason: 'as_always' } }),
      },
    ],
    bronze: { open },
    store: {
      look: async () => undefined,
      write: async (key: string, bytes: Uint8Array) => void written.set(key, Buffer.from(bytes)),
    },
    clock: { now: () => nowMs, sleep: async (ms: number) => void (nowMs += ms) },
    log: { emit: () => undefined },
    encode: async () => new Uint8Array(),
    ...{
      limits: defaultLimits,
      kinds: { block: true, days: true },
      contracts: {},
      overwrites: {},
      quarantineFiles: { bucket: 's', prefix: 'q/' },
    },
  } as unknown as ReadingDeps
  const call = { deadline: 1e9, signal: new AbortController().signal }
  const batch = await readBatch(deps, { id: 'B', createdAt: 0 }, sources, call)
  const lines = batch.quarantine.flatMap(({ key }) =>
    (written.get(key)?.toString() ?? '').trim().split('\n'),
  )
  const inQuarantine = lines.map((text) => JSON.parse(text) as { source: string; record: number })
  return { batch, sources, inQuarantine }
}

const dispositionOf: Readonly<Partial<Record<FaultCode, string>>> = {
  OBJECT_GONE: 'gone',
  OBJECT_UNREADABLE: 'unreadable',
  OBJECT_TOO_LARGE: 'too-large',
}

test('every fault that refuses an object is a disposition, every other leaves it for later, and neither leaves a record', async () => {
  expect(codes.filter((code) => faults[code].meaning === 'refuse').toSorted()).toEqual(
    Object.keys(dispositionOf).toSorted(),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 8 }), async (fates) => {
      const { batch, sources, inQuarantine } = await read(fates)
      const listed = new Map(batch.sources.map((entry) => [entry.id, entry]))
      fates.forEach(({ code, lines }, index) => {
        const { id, object } = sources[index]!
        const entry = listed.get(id)
        const own = inQuarantine.filter(({ source }) => source === `s3://b/${object.key}`)
        const wanted =
          code === undefined ? 'empty' : code === 'BUG' ? undefined : dispositionOf[code]
        expect(entry?.disposition).toBe(wanted)
        const records = code === undefined ? Array.from({ length: lines }, (_, at) => at) : []
        expect(own.map(({ record }) => record)).toEqual(records)
        expect(entry?.rejected ?? 0).toBe(records.length)
      })
    }),
    { numRuns: 300 },
  )
})
