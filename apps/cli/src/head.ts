import { qualify } from '@silversmith/clickhouse'
import { datasets } from '@silversmith/datasets'
import { readParquet } from '@silversmith/parquet'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from './answer.ts'
import type { Command } from './command-line.ts'
import { ask } from './query.ts'
import { layOutRows } from './row-layout.ts'
import type { Row } from './row-layout.ts'
import { UsageError } from './usage-error.ts'
import { findWarehouse } from './warehouse.ts'

const isMicros = new Map(
  datasets.flatMap(({ tables }) =>
    tables.map(({ name, columns }) => [
      name,
      new Set(columns.filter(({ type }) => type === 'timestamp').map((column) => column.name)),
    ]),
  ),
)
/** Columns of the house that hold times, beside the datasets' own. */
const lineageTimes = ['_object_time', '_loaded_at']

const withTimes = (table: string, row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const isTime = isMicros.get(table)?.has(name) || lineageTimes.includes(name)
      return [
        name,
        isTime && typeof value === 'number' ? new Date(value / 1000).toISOString() : value,
      ]
    }),
  )

const readSilver = async (dir: string, table: string, limit: number): Promise<readonly Row[]> => {
  const folder = join(dir, 'silver', table)
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = names.filter((name) => name.endsWith('.parquet'))
  if (files.length === 0)
    throw new UsageError(
      `no ClickHouse runs and ${folder} holds no files: load something with npm start, or name one of ${[...isMicros.keys()].join(', ')}`,
    )
  const rows: Row[] = []
  for (const file of files.sort()) {
    if (rows.length >= limit) break
    rows.push(...(await readParquet(await readFile(join(folder, file)))))
  }
  return rows.slice(0, limit).map((row) => withTimes(table, row))
}

/** First rows: of the table in ClickHouse where one answers, else of the silver files of the last local run. */
export const runHead = async (
  { table, limit, dir }: Extract<Command, { kind: 'head' }>,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Answer> => {
  const warehouse = await findWarehouse(environment, dir)
  const rows = warehouse
    ? await ask(
        warehouse,
        `SELECT * FROM ${qualify(warehouse.settings.database, table)} LIMIT ${limit}`,
        signal,
      )
    : await readSilver(dir, table, limit)
  return { document: rows, text: layOutRows(rows), code: 0 }
}
