import { routeOf } from '@silversmith/core'
import { expect, it } from 'vitest'
import { datasetOf, datasets, defaultRoutes } from './index.ts'

it('finds each dataset by its name, and none by another', () => {
  for (const dataset of datasets) expect(datasetOf(dataset.name)).toBe(dataset)
  expect(new Set(datasets.map(({ name }) => name)).size).toBe(datasets.length)
  expect(datasetOf('toString')).toBeUndefined()
})

it('no two datasets write to one table', () => {
  const tables = datasets.flatMap((dataset) => dataset.tables.map(({ name }) => name))
  expect(new Set(tables).size).toBe(tables.length)
})

it.each([
  ['section/4021/video/2026-02-11T14-03-31.002211Z_9C1F.jsonl', 'xapi_events'],
  ['section/4021/attempt_evaluated/x.jsonl.gz', 'xapi_events'],
  ['section/4021/video/README.txt', undefined],
  ['other/section/4021/video/x.jsonl', undefined],
  ['section/4021/video/x.json', undefined],
  ['bronze/shipments/2026/02/11/x.jsonl', 'shipments'],
  ['bronze/tracking_events/x.json', 'tracking_events'],
  ['bronze/invoice_lines/a/b.jsonl.gz', 'invoice_lines'],
  ['bronze/refunds/x.jsonl', undefined],
  ['bronze/shipments.jsonl', undefined],
  ['bronze/raw_objects/x.bin', undefined],
])('routes %s to %s', (key, dataset) => {
  expect(routeOf(defaultRoutes, key)).toBe(dataset)
})
