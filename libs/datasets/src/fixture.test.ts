import { readdirSync, readFileSync } from 'node:fs'
import { columnsOf, lineageColumns } from '@silversmith/core'
import type { Dataset } from '@silversmith/core'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { mapFixture, writeOutcome } from './fixture.ts'
import { datasets } from './index.ts'

const folderOf = ({ name }: Dataset): URL =>
  new URL(`./${name.replaceAll('_', '-')}/fixtures/`, import.meta.url)

/** Of the reader. */
const notJson = 'invalid_json'

const mapFile = (dataset: Dataset, file: URL) => {
  const bytes = readFileSync(file)
  return mapFixture(dataset, bytes[0] === 0x1f ? gunzipSync(bytes) : bytes)
}

describe.each(datasets.map((dataset) => [dataset.name, dataset] as const))('%s', (_, dataset) => {
  const folder = folderOf(dataset)
  // An object that is not parsed has no lines to show.
  const names = dataset.mapObject ? [] : readdirSync(folder)
  const files = names.filter((file) => /\.jsonl(\.gz)?$/.test(file))

  it.each(files)('maps %s to the rows and rejections beside it', async (file) => {
    const { rows, rejected } = mapFile(dataset, new URL(file, folder))
    const base = new URL(file.replace(/\.jsonl(\.gz)?$/, ''), folder).pathname
    await expect(writeOutcome(rows)).toMatchFileSnapshot(`${base}.rows.json`)
    await expect(writeOutcome(rejected)).toMatchFileSnapshot(`${base}.rejected.json`)
  })

  it('tells every reason it rejects for, and has a fixture for each', () => {
    const reasons = files
      .flatMap((file) => mapFile(dataset, new URL(file, folder)).rejected)
      .map(({ reason }) => reason)
    expect(new Set(reasons.filter((reason) => reason !== notJson))).toEqual(
      new Set(Object.keys(dataset.rejections ?? {})),
    )
  })

  it('has tables with a timestamp that is never null and columns of distinct names', () => {
    expect(dataset.tables.length).toBeGreaterThan(0)
    for (const table of dataset.tables) {
      const names = columnsOf(table).map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      expect(table.columns).toContainEqual(
        expect.objectContaining({ name: 'timestamp', type: 'timestamp', nullable: false }),
      )
      for (const { column } of table.indexes) expect(names).toContain(column)
      for (const column of table.orderBy) expect(names).toContain(column)
      for (const { description } of table.columns) expect(description).not.toBe('')
      expect(table.columns.filter((column) => lineageColumns.includes(column))).toEqual([])
    }
  })
})
