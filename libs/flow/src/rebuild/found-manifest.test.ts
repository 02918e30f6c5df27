import type { Batch, Manifest } from '@silversmith/core'
import { expect, test } from 'vitest'
import { appliedOf } from './found-manifest.ts'

const batch = { state: 'S', done: { silver: 3, clickhouse: 1 } } as unknown as Batch
const manifestOf = (...targets: string[]) =>
  ({ targets, chunks: [{}, {}, {}, {}, {}] }) as unknown as Manifest

test('of a sealed batch what both silver and the target have; of one that has neither all there is', () => {
  expect(appliedOf(batch, manifestOf('silver', 'clickhouse'), 'clickhouse')).toBe(1)
  expect(appliedOf(batch, manifestOf('silver', 'clickhouse'), 'new')).toBe(3)
  expect(appliedOf(batch, manifestOf('clickhouse'), 'new')).toBe(5)
  expect(appliedOf({ ...batch, state: 'C' }, manifestOf('silver'), 'new')).toBe(5)
})
