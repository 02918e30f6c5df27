import type { Batch, ManifestSource } from '@silversmith/core'
import { expect, test } from 'vitest'
import type { Share } from './chunk-story.ts'
import type { LoadStory } from './object-story.ts'
import { judgeRows } from './verdict.ts'

const batch: Batch = {
  ...{ kind: 'batch', id: 'B', pipeline: 'p', state: 'C', owner: 'o', leaseUntil: 0 },
  sourceCount: 1,
}
const entry: ManifestSource = {
  ...{ id: 's', object: { bucket: 'b', key: 'k', version: 'v', versioned: true } },
  ...{ generation: 0, disposition: 'rows', sizeBytes: 9, lastModified: 1 },
  ...{ records: 9, rows: 5, rejected: 0, discarded: 0 },
}
const load: LoadStory = {
  ...{ file: undefined, batch, entry, chunks: [], problems: {}, expiring: [], refused: [] },
  ...{ chunksRead: 1, chunksAll: 1, rejected: { byReason: {}, lines: [], files: [], unread: [] } },
}
const shareOf = (target: string, state: Share['state'], rows: number): Share => ({
  ...{ target, state, rows, distinct: rows, expired: 0, files: ['f'], problem: undefined },
})
const withShares = (...shares: readonly Share[]): LoadStory => ({
  ...load,
  chunks: [{ token: 'B#0', n: 0, table: 't', month: '2026-01', rows: 9, shares }],
})
const none = new Set<number>()
const kindsOf = (one: LoadStory, record?: number, erased: ReadonlySet<number> = none) =>
  judgeRows([one], record, erased).map(({ kind }) => kind)

test('rows that every target has need no words', () => {
  const whole = withShares(shareOf('silver', 'applied', 5), shareOf('clickhouse', 'applied', 5))
  expect(kindsOf(whole)).toEqual([])
  expect(kindsOf(whole, 3)).toEqual([])
})

test('a target with fewer than another has lost them, waits, or was spared them', () => {
  const beside = (share: Share): LoadStory => withShares(shareOf('silver', 'applied', 5), share)
  expect(kindsOf(beside(shareOf('clickhouse', 'applied', 4)))).toEqual(['lost'])
  expect(kindsOf(beside(shareOf('clickhouse', 'waiting', 0)))).toEqual(['waiting'])
  expect(kindsOf(beside(shareOf('clickhouse', 'rejected', 0)))).toEqual(['refused'])
  const old = { ...beside(shareOf('clickhouse', 'applied', 4)), expiring: ['t'] }
  expect(kindsOf(old)).toEqual(['expired'])
})

test('rows that no target has were erased, are adopted or old, or are lost', () => {
  expect(kindsOf(load)).toEqual(['lost'])
  expect(kindsOf(load, 3)).toEqual(['lost'])
  expect(kindsOf(load, 3, new Set([3]))).toEqual(['erased'])
  expect(kindsOf(load, 3, new Set([4]))).toEqual(['lost'])
  expect(kindsOf(load, undefined, new Set([0, 1, 2, 3, 4]))).toEqual(['erased'])
  expect(kindsOf(load, undefined, new Set([3]))).toEqual(['lost'])
  expect(kindsOf({ ...load, expiring: ['t'] }, 3)).toEqual(['expired'])
  const adopted = { ...load, entry: { ...entry, adopted: true as const, reason: 'adopted from t' } }
  expect(kindsOf(adopted)).toEqual(['adopted'])
  expect(kindsOf(adopted, 3)).toEqual(['adopted'])
  const sealed = { ...load, batch: { ...batch, state: 'S' as const } }
  expect(kindsOf(sealed)).toEqual(['waiting'])
  expect(kindsOf(sealed, 3)).toEqual(['waiting'])
})

test('what was not looked through is never called lost', () => {
  expect(kindsOf({ ...load, chunksAll: 2 })).toEqual(['unseen'])
  expect(kindsOf({ ...load, chunksAll: 2 }, 3)).toEqual(['unseen'])
  const unread = { ...load, rejected: { ...load.rejected, unread: ['q/f'] } }
  expect(kindsOf(unread, 3)).toEqual(['unseen'])
})
