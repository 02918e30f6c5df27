import { expect, it } from 'vitest'
import type { Chunk } from './batch.ts'
import { countFileSizes, countInsertRows, insertRowsOf, silverSizesOf } from './histogram.ts'

const kib = 1024
const mib = 1024 * kib

it('counts a file where its size is below the bound, and what is beyond all as more', () => {
  const sizes = [0, 64 * kib - 1, 64 * kib, mib, 16 * mib, 128 * mib - 1, 128 * mib, 5 * 1024 * mib]
  expect(countFileSizes(sizes)).toEqual({
    under64KiB: 2,
    under1MiB: 1,
    under16MiB: 1,
    under128MiB: 2,
    more: 2,
  })
})

it('has every class, also those nothing is in', () => {
  expect(countInsertRows([100, 500_000])).toEqual({
    under100: 0,
    under1000: 1,
    under10000: 0,
    under100000: 0,
    more: 1,
  })
})

it('takes silver files by day and INSERTs by block, and neither where its target is none', () => {
  const payload = (sizeBytes: number) => ({ key: 'k', sha256: 'h', sizeBytes, rows: 1 })
  const chunk: Chunk = { n: 0, table: 't', month: '2026-01', rows: 7 }
  const days = [
    { ...payload(10), day: '2026-01-01' },
    { ...payload(20), day: '2026-01-02' },
  ]
  const chunks = [{ ...chunk, days, block: payload(30) }, { ...chunk, n: 1, days }, chunk]
  expect(silverSizesOf(chunks)).toEqual([10, 20, 10, 20])
  expect(insertRowsOf(chunks)).toEqual([7])
})
