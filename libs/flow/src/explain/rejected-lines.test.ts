import { Fault, type Store } from '@silversmith/core'
import { expect, test } from 'vitest'
import { findRejected } from './rejected-lines.ts'

const mib = 1024 * 1024
const origin = { source: 's3://b/k', version: 'v' }
const lineOf = (record: number): string =>
  JSON.stringify({
    ...{ source: origin.source, version: 'v', generation: 0, objectTime: '2026-01-01T00:00:00Z' },
    ...{ record, line: record + 1, offset: 0, reason: 'late', raw: 'the payload' },
    ...{ rawEncoding: 'utf8', sizeBytes: 11, dataset: 'd', datasetVersion: 1 },
  })

/** Of files with so many records each; `sizes` are what their manifest says. */
const find = (sizes: readonly number[], records: number) => {
  const read: string[] = []
  const store = {
    read: async (key: string) => {
      if (key.startsWith('staged')) throw new Fault('OBJECT_GONE', 'it was moved')
      read.push(key)
      return Buffer.from(Array.from({ length: records }, (_, n) => lineOf(n)).join('\n'))
    },
  } as unknown as Store
  const clock = { now: () => 0, sleep: () => Promise.resolve() }
  const quarantine = sizes.map((sizeBytes, n) => ({
    ...{ dataset: 'd', reason: 'late', target: `q/${n}`, key: `staged/${n}`, sizeBytes },
    ...{ sha256: '', rows: records },
  }))
  const manifest = { quarantine } as unknown as Parameters<typeof findRejected>[1]
  const call = { deadline: 9e15, signal: new AbortController().signal }
  const entry = { dataset: 'd', rejected: records }
  return findRejected({ store, clock }, manifest, entry, origin, call).then((found) => ({
    ...found,
    read,
  }))
}

test('a file that is too large is told, and costs the others nothing', async () => {
  const { read, unread, files } = await find([65 * mib, 40 * mib, 40 * mib, 20 * mib], 1)
  expect([read, files, unread]).toEqual([
    ...[
      ['q/1', 'q/3'],
      ['q/1', 'q/3'],
      ['q/0', 'q/2'],
    ],
  ])
})

test('of many records all are counted and the first are told, without their payloads', async () => {
  const found = await find([mib], 50)
  expect(found.byReason).toEqual({ late: 50 })
  expect(found.lines).toHaveLength(20)
  expect(found.lines[0]).toMatchObject({ record: 0, line: 1, reason: 'late', file: 'q/0' })
  expect(JSON.stringify(found)).not.toContain('payload')
})
