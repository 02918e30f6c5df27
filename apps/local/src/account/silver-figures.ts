import { countFileSizes, type FileSizes, rowIdentity } from '@silversmith/core'
import { readParquet } from '@silversmith/parquet'
import { readFile } from 'node:fs/promises'
import type { ForeignRows } from './foreign-rows.ts'
import { silverPrefix } from '../functions.ts'
import { mirror } from './mirror.ts'
import type { Stack } from '../stack.ts'

export interface TableFigures {
  readonly rows: number
  /** Row identities. */
  readonly distinct: number
}

/** What lies at a target, counted there and not by what the pipeline says of itself. */
export interface TargetFigures {
  readonly tables: Readonly<Record<string, TableFigures>>
  /** Accepted records of this run whose content hash occurred before, in tables that carry the hash. */
  readonly duplicates: number
  /** By table; undefined where nobody else can have written. */
  readonly foreign?: Readonly<Record<string, ForeignRows>>
}

export interface SilverFigures extends TargetFigures {
  readonly files: number
  readonly rows: number
  readonly bytes: number
  readonly sizes: FileSizes
}

export interface CountOptions {
  /** Tables that carry a content hash. */
  readonly hashed: ReadonlySet<string>
  /** Batches of this run. */
  readonly batches: ReadonlySet<string>
}

export const hashColumn = 'event_hash'

const partsOf = (key: string): { table: string; batch: string } => {
  const [, table = '', , file = ''] = key.split('/')
  return { table, batch: file.slice(0, 26) }
}

/** Reads every silver file, oldest run first, so that a hash seen again counts for the later record. */
export const countSilver = async (stack: Stack, options: CountOptions): Promise<SilverFigures> => {
  const files = await mirror(stack, silverPrefix)
  const isNew = (key: string): boolean => options.batches.has(partsOf(key).batch)
  const ordered = [
    ...files.filter(({ key }) => !isNew(key)),
    ...files.filter(({ key }) => isNew(key)),
  ]
  const identities = new Map<string, Set<string>>()
  const rows = new Map<string, number>()
  const hashes = new Map<string, Set<string>>()
  let duplicates = 0
  for (const { key, path } of ordered) {
    const { table } = partsOf(key)
    const hashed = options.hashed.has(table)
    const columns = hashed ? [...rowIdentity, hashColumn] : rowIdentity
    const found = await readParquet(await readFile(path), columns)
    const known = identities.get(table) ?? new Set()
    const seen = hashes.get(table) ?? new Set()
    identities.set(table, known)
    hashes.set(table, seen)
    rows.set(table, (rows.get(table) ?? 0) + found.length)
    for (const row of found) {
      known.add(rowIdentity.map((name) => String(row[name])).join('\0'))
      if (!hashed || row['_part'] !== 0) continue
      const hash = String(row[hashColumn])
      if (seen.has(hash) && isNew(key)) duplicates++
      seen.add(hash)
    }
  }
  const tables = [...rows].map(([table, count]): [string, TableFigures] => [
    table,
    { rows: count, distinct: identities.get(table)?.size ?? 0 },
  ])
  return {
    tables: Object.fromEntries(tables.sort(([a], [b]) => (a < b ? -1 : 1))),
    duplicates,
    files: files.length,
    rows: [...rows.values()].reduce((sum, count) => sum + count, 0),
    bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    sizes: countFileSizes(files.map(({ sizeBytes }) => sizeBytes)),
  }
}
