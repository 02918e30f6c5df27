import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { columnsOf, lineageColumns } from '@silversmith/core'
import type { Dataset, Mapped, Rejection, StructValue, Value } from '@silversmith/core'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { datasets } from './index.ts'

const folderOf = ({ name }: Dataset): URL =>
  new URL(`./${name.replaceAll('_', '-')}/fixtures/`, import.meta.url)

interface Line {
  readonly line: number
  readonly bytes: Buffer
}

/** Lines that are not blank, as the reader finds them. */
const linesOf = (file: Buffer): readonly Line[] => {
  const plain = file[0] === 0x1f ? gunzipSync(file) : file
  // As Latin-1, so that every byte is kept.
  const text = plain.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '')
  return text
    .split('\n')
    .map((line, at) => ({ line: at + 1, bytes: Buffer.from(line.replace(/\r$/, ''), 'latin1') }))
    .filter(({ bytes }) => /[^ \t\r]/.test(bytes.toString('latin1')))
}

/** Of the reader. */
const notJson = 'invalid_json'

const mapLine = (dataset: Dataset, bytes: Buffer): Mapped => {
  const text = bytes.toString()
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return { rejection: { reason: notJson } }
  }
  return dataset.map(record, { hash: createHash('sha256').update(bytes).digest('hex'), text })
}

/** Rows and rejections of a file, as people read them: columns that are null are left out, and the name of the first table. */
const mapFile = (dataset: Dataset, file: Buffer) => {
  const rows: unknown[] = []
  const rejected: ({ readonly line: number } & Rejection)[] = []
  for (const { line, bytes } of linesOf(file)) {
    const mapped = mapLine(dataset, bytes)
    if ('discarded' in mapped) throw new Error('No dataset here discards.')
    if ('rejection' in mapped) rejected.push({ line, ...mapped.rejection })
    else
      for (const { table, timeMicros, values } of mapped.rows) {
        const own = dataset.tables.find(({ name }) => name === table)?.columns ?? []
        expect(values).toHaveLength(own.length)
        const named = own.map(({ name }, index) => [name, plain(values[index] as Value)] as const)
        expect(Object.fromEntries(named)['timestamp']).toBe(timeMicros)
        rows.push({
          line,
          ...(table === dataset.tables[0]?.name ? {} : { table }),
          ...Object.fromEntries(named.filter(([, value]) => value !== null)),
        })
      }
  }
  return { rows, rejected }
}

/** JSON has no bigint, no bytes and no map. */
const plain = (value: Value): unknown => {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `base64:${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries: readonly (readonly [string, Value])[] =
    value instanceof Map ? [...value] : Object.entries(value as StructValue)
  return Object.fromEntries(entries.map(([key, one]) => [key, plain(one)]))
}

describe.each(datasets.map((dataset) => [dataset.name, dataset] as const))('%s', (_, dataset) => {
  const folder = folderOf(dataset)
  // An object that is not parsed has no lines to show.
  const names = dataset.mapObject ? [] : readdirSync(folder)
  const files = names.filter((file) => /\.jsonl(\.gz)?$/.test(file))

  it.each(files)('maps %s to the rows and rejections beside it', async (file) => {
    const { rows, rejected } = mapFile(dataset, readFileSync(new URL(file, folder)))
    const base = new URL(file.replace(/\.jsonl(\.gz)?$/, ''), folder).pathname
    await expect(`${JSON.stringify(rows, null, 2)}\n`).toMatchFileSnapshot(`${base}.rows.json`)
    await expect(`${JSON.stringify(rejected, null, 2)}\n`).toMatchFileSnapshot(
      `${base}.rejected.json`,
    )
  })

  it('tells every reason it rejects for, and has a fixture for each', () => {
    const reasons = files
      .flatMap((file) => mapFile(dataset, readFileSync(new URL(file, folder))).rejected)
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
