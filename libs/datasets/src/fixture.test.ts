import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { columnsOf, lineageColumns } from '@silversmith/core'
import type { Dataset, Value } from '@silversmith/core'
import { describe, expect, it } from 'vitest'
import { datasets } from './index.ts'

const folderOf = ({ name }: Dataset): URL =>
  new URL(`./${name.replaceAll('_', '-')}/fixtures/`, import.meta.url)

/** Rows and rejections of a file of lines, as people read them: columns that are null are left out. */
const mapFile = (dataset: Dataset, text: string): { rows: unknown[]; rejected: unknown[] } => {
  const rows: unknown[] = []
  const rejected: unknown[] = []
  for (const [at, line] of text.trimEnd().split('\n').entries()) {
    const hash = createHash('sha256').update(line).digest('hex')
    const mapped = dataset.map(JSON.parse(line), { hash, text: line })
    if ('discarded' in mapped) throw new Error('No dataset here discards.')
    if ('rejection' in mapped) rejected.push({ line: at + 1, ...mapped.rejection })
    else
      for (const { table, timeMicros, values } of mapped.rows) {
        const own = dataset.tables.find(({ name }) => name === table)?.columns ?? []
        expect(values).toHaveLength(own.length)
        const named = own.map(({ name }, index) => [name, plain(values[index] as Value)] as const)
        expect(Object.fromEntries(named)['timestamp']).toBe(timeMicros)
        rows.push({
          line: at + 1,
          ...Object.fromEntries(named.filter(([, value]) => value !== null)),
        })
      }
  }
  return { rows, rejected }
}

/** JSON has no bigint. */
const plain = (value: Value): Exclude<Value, bigint> =>
  typeof value === 'bigint' ? `${value}n` : value

describe.each(datasets.map((dataset) => [dataset.name, dataset] as const))('%s', (_, dataset) => {
  const folder = folderOf(dataset)
  const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl'))

  it.each(files)('maps %s to the rows and rejections beside it', async (file) => {
    const { rows, rejected } = mapFile(dataset, readFileSync(new URL(file, folder), 'utf8'))
    const base = new URL(file.replace('.jsonl', ''), folder).pathname
    await expect(`${JSON.stringify(rows, null, 2)}\n`).toMatchFileSnapshot(`${base}.rows.json`)
    await expect(`${JSON.stringify(rejected, null, 2)}\n`).toMatchFileSnapshot(
      `${base}.rejected.json`,
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
