import type { ManifestSource } from '@silversmith/core'
import { expect, it } from 'vitest'
import type { SealedBatch } from './history.ts'
import { listRefused } from './refused.ts'

const counts = { records: 0, rows: 0, rejected: 0, discarded: 0 }

const batchOf = (sources: readonly Partial<ManifestSource>[]): SealedBatch =>
  ({
    manifest: {
      sources: sources.map((source, n) => ({
        object: { bucket: 'bronze', key: `${n}` },
        ...counts,
        ...source,
      })),
    },
  }) as unknown as SealedBatch

it('says of every object without rows what became of it and why', () => {
  const batch = batchOf([
    { disposition: 'rows', records: 2, rows: 2 },
    { disposition: 'unreadable', reason: 'damaged gzip' },
    { disposition: 'empty', records: 3, rejected: 3 },
    { disposition: 'empty', records: 3, rejected: 1, discarded: 2 },
    { disposition: 'empty' },
  ])
  const told = listRefused([batch]).map(
    ({ source, disposition, reason }) => `${source} ${disposition} ${reason}`,
  )
  expect(told).toEqual([
    's3://bronze/1 unreadable damaged gzip',
    's3://bronze/2 empty no record accepted, 3 rejected',
    's3://bronze/3 empty no record accepted, 1 rejected, 2 discarded',
    's3://bronze/4 empty no record in it',
  ])
})

it('tells a hundred at most', () => {
  const batch = batchOf(Array.from({ length: 120 }, () => ({ disposition: 'gone' as const })))
  expect(listRefused([batch]).length).toBe(100)
})
