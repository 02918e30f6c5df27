import type { Dataset, Drift, Manifest } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createDriftSum } from './drift-report.ts'

const shared = { version: 1, columns: [], orderBy: [], indexes: [], views: [], description: '' }
const datasetOf = (name: string, ...tables: readonly string[]): Dataset => ({
  ...{ ...shared, name, map: () => ({ rows: [] }) },
  tables: tables.map((table) => ({ ...shared, name: table })),
})
const trips = datasetOf('trips', 'trips', 'stops')

const driftOf = (dataset: string, path: string, rows: number): Drift => ({
  ...{ dataset, table: dataset, path, kind: 'new', rows },
  types: rows > 1 ? { text: rows - 1, whole: 1 } : { text: 1 },
})

type Chunk = readonly [table: string, rows: number, ...empty: readonly string[]]

const manifestOf = (
  datasets: readonly string[],
  drift: readonly Drift[],
  ...chunks: readonly Chunk[]
) =>
  ({
    sources: datasets.map((dataset) => ({ dataset })),
    ...(drift.length > 0 && { drift }),
    chunks: chunks.map(([table, rows, ...empty]) => ({
      ...{ table, rows },
      ...(empty.length > 0 && { empty }),
    })),
  }) as unknown as Manifest

const both = manifestOf(
  ['trips', 'bills'],
  [driftOf('trips', 'a', 3), driftOf('bills', 'b', 5)],
  ...[['trips', 4, 'x', 'y'] as const, ['stops', 6, 'z'] as const, ['bills', 7, 'x'] as const],
)
const later = manifestOf(
  ['trips'],
  [driftOf('trips', 'a', 1)],
  ['trips', 2, 'y', 'z'],
  ['stops', 1],
)
const other = manifestOf(['bills'], [driftOf('bills', 'b', 1)], ['bills', 1])

const reportOf = (dataset: Dataset | undefined) => {
  const sum = createDriftSum(dataset)
  for (const manifest of [both, later, other]) sum.add(manifest)
  return sum.report()
}

test('paths of all batches are one each, those of most rows first', () => {
  const { batches, paths } = reportOf(undefined)
  expect(batches).toBe(3)
  expect(paths).toEqual([
    { ...driftOf('bills', 'b', 6), types: { text: 5, whole: 1 } },
    { ...driftOf('trips', 'a', 4), types: { text: 3, whole: 1 } },
  ])
})

test('a column is missing that held nothing in any chunk of its table', () => {
  expect(reportOf(undefined).missing).toEqual([{ table: 'trips', rows: 6, columns: ['y'] }])
})

test('of one dataset, nothing is told of another in the same batches', () => {
  const sum = createDriftSum(trips)
  for (const manifest of [both, other]) sum.add(manifest)
  expect(sum.report()).toEqual({
    batches: 1,
    paths: [driftOf('trips', 'a', 3)],
    missing: [
      { table: 'trips', rows: 4, columns: ['x', 'y'] },
      { table: 'stops', rows: 6, columns: ['z'] },
    ],
  })
})

test('nothing rescued is nothing missing', () => {
  const sum = createDriftSum(undefined)
  sum.add(manifestOf(['trips'], [], ['trips', 3, '_rescued']))
  expect(sum.report().missing).toEqual([])
})
