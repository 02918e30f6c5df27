import { qualify, quoteName } from '@silversmith/clickhouse'
import type { ClickHouseSettings } from '@silversmith/clickhouse'
import type { ColumnType } from '@silversmith/core'
import { datasetOf, datasets } from '@silversmith/datasets'
import { readParquet } from '@silversmith/parquet'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { defaultDir } from '../command.ts'
import { Refused, ask } from '../text/question.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Row } from '../text/row-layout.ts'
import { UsageError } from '../usage-error.ts'
import { findServer } from '../deployment/warehouse.ts'

/** Names of the columns of a type, by table. */
const columnsOf = (asked: ColumnType): ReadonlyMap<string, readonly string[]> =>
  new Map(
    datasets.flatMap(({ tables }) =>
      tables.map(({ name, columns }) => [
        name,
        columns.filter(({ type }) => type === asked).map((column) => column.name),
      ]),
    ),
  )

const timesOf = columnsOf('timestamp')
const bytesOf = columnsOf('binary')
/** Columns of the house that hold times, beside the datasets' own. */
const lineageTimes = ['_object_time', '_loaded_at']

/** `2026-02-01T01:00:00.000001Z` */
const writeMicros = (micros: number): string => {
  const seconds = Math.floor(micros / 1e6)
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5)
  return `${whole}.${String(micros - seconds * 1e6).padStart(6, '0')}Z`
}

/** Of bytes so many are shown, in hexadecimal: they are no text, and may be many. */
const shownBytes = 32

const writeBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, shownBytes)).toString('hex').toUpperCase() +
  (bytes.length > shownBytes ? '…' : '')

/** The same, written by ClickHouse; null stays null. */
const selectBytes = (column: string): string => {
  const bytes = quoteName(column)
  const more = `if(length(assumeNotNull(${bytes})) > ${shownBytes}, '…', '')`
  return `concat(hex(substring(${bytes}, 1, ${shownBytes})), ${more}) AS ${bytes}`
}

const written = (table: string, row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value instanceof Uint8Array) return [name, writeBytes(value)]
      const isTime = timesOf.get(table)?.includes(name) || lineageTimes.includes(name)
      return [name, isTime && typeof value === 'number' ? writeMicros(value) : value]
    }),
  )

const adviceOf = async (silver: string): Promise<string> => {
  const tables = await readdir(silver).catch(() => [])
  return tables.length === 0
    ? 'load something with npm start, or name its directory with --dir'
    : `there are ${listed(tables.sort())}`
}

/** Tables told when another is asked for. */
const toldMax = 50

const listed = (names: readonly string[]): string =>
  names.length <= toldMax
    ? names.join(', ')
    : `${names.slice(0, toldMax).join(', ')} and ${names.length - toldMax} more`

/** A dataset of that name has tables of others: what to ask for instead. */
const tablesHint = (name: string): string => {
  const tables = (datasetOf(name)?.tables ?? []).map((table) => table.name)
  return tables.length === 0 || tables.includes(name)
    ? ''
    : `${name} is a dataset with the tables ${tables.join(', ')}; `
}

const unknownTable = 60

const readTable = async (
  server: ClickHouseSettings,
  table: string,
  limit: number,
  signal: AbortSignal,
): Promise<readonly Row[]> => {
  const { database } = server
  try {
    const from = qualify(database, table)
    const bytes = (bytesOf.get(table) ?? []).map(selectBytes)
    const columns = bytes.length > 0 ? `* REPLACE (${bytes.join(', ')})` : '*'
    return await ask(server, `SELECT ${columns} FROM ${from} LIMIT ${limit}`, signal)
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== unknownTable) throw error
    const statement =
      'SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name'
    const names = (await ask(server, statement, signal)).map(({ name }) => String(name))
    throw new UsageError(
      names.length === 0
        ? `there is no table ${table}, nor any other in the database ${database}`
        : `${tablesHint(table)}there is no table ${table} in the database ${database}; there are ${listed(names)}`,
      { cause: error },
    )
  }
}

const readSilver = async (dir: string, table: string, limit: number): Promise<readonly Row[]> => {
  const folder = join(dir, 'silver', table)
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = names.filter((name) => name.endsWith('.parquet'))
  if (files.length === 0)
    throw new UsageError(
      `${tablesHint(table)}no ClickHouse runs and ${folder} holds no files: ${await adviceOf(join(dir, 'silver'))}`,
    )
  const rows: Row[] = []
  for (const file of files.sort()) {
    if (rows.length >= limit) break
    rows.push(...(await readParquet(await readFile(join(folder, file)))))
  }
  return rows.slice(0, limit).map((row) => written(table, row))
}

/** First rows: of the table in ClickHouse where one answers, else of the silver files of the last local run. */
export const runHead = async (
  { table, limit, dir }: CommandOf<'head'>,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Answer> => {
  const server = await findServer(environment, dir)
  const rows = server
    ? await readTable(server, table, limit, signal)
    : await readSilver(dir ?? defaultDir, table, limit)
  return { document: rows, text: layOutRows(rows), code: 0 }
}
