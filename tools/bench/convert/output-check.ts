import type { Column } from '@silversmith/core'
import { DuckDBConnection } from '@duckdb/node-api'

/** What DuckDB reads of a column, over all rows: equal for equal rows in any order. */
interface ColumnSummary {
  readonly values: string
  readonly distinct: string
  readonly min: string
  readonly max: string
  /** Of numbers; of anything else the length of its texts. */
  readonly sum: string
  /** Of hashes of values. */
  readonly fingerprint: string
}

export interface TableSummary {
  readonly rows: number
  readonly columns: ReadonlyMap<string, ColumnSummary>
}

/** Seed 000's names for columns of ours. */
const otherNames: Readonly<Record<string, string>> = {
  _source: 'source_file',
  _version: 'source_etag',
  _line: 'source_line',
}

const whole: ReadonlySet<unknown> = new Set(['uint32', 'uint64', 'int64'])

/** A value as all writers mean it, whatever type they keep it as. */
const valueOf = ({ type }: Column, name: string, stored: string): string => {
  if (whole.has(type)) return `"${name}"::HUGEINT`
  if (type === 'float64') return `"${name}"::DOUBLE`
  if (type === 'boolean') return `"${name}"::BOOLEAN`
  if (type === 'timestamp')
    return stored.startsWith('TIMESTAMP') ? `epoch_us("${name}")::HUGEINT` : `"${name}"::HUGEINT`
  return `"${name}"::VARCHAR`
}

const sumOf = ({ type }: Column): string => {
  if (whole.has(type) || type === 'timestamp') return 'sum(v)'
  if (type === 'float64') return 'round(fsum(v), 3)'
  return type === 'boolean' ? 'count_if(v)' : 'sum(strlen(v))'
}

/**
 * What is in Parquet files, column by column; columns that are not there are left out.
 *
 * @param files a path with wildcards
 */
export const summarize = async (
  files: string,
  columns: readonly Column[],
): Promise<TableSummary> => {
  const connection = await DuckDBConnection.create()
  const ask = async (query: string): Promise<readonly (readonly string[])[]> =>
    (await connection.runAndReadAll(query)).getRows().map((row) => row.map(String))
  try {
    const described = await ask(`DESCRIBE SELECT * FROM read_parquet('${files}')`)
    const stored = new Map(described.map(([name = '', type = '']) => [name, type]))
    const [[rows] = []] = await ask(`SELECT count(*) FROM read_parquet('${files}')`)
    const summaries = new Map<string, ColumnSummary>()
    for (const column of columns) {
      const name = nameIn(stored, column)
      if (name === undefined) continue
      const [[values, distinct, min, max, sum, fingerprint] = []] = await ask(
        `SELECT count(v), count(DISTINCT v), min(v), max(v), ${sumOf(column)}, sum(hash(v)::HUGEINT)
          FROM (SELECT ${valueOf(column, name, stored.get(name) ?? '')} AS v FROM read_parquet('${files}'))`,
      )
      summaries.set(column.name, {
        ...{ values: `${values}`, distinct: `${distinct}`, min: `${min}`, max: `${max}` },
        ...{ sum: `${sum}`, fingerprint: `${fingerprint}` },
      })
    }
    return { rows: Number(rows), columns: summaries }
  } finally {
    connection.closeSync()
  }
}

/** Of whole rows: equal for equal rows in any order. A value in another row of its column is seen by this alone. */
export const fingerprintRows = async (
  files: string,
  columns: readonly Column[],
): Promise<string> => {
  const connection = await DuckDBConnection.create()
  const ask = async (query: string): Promise<readonly (readonly unknown[])[]> =>
    (await connection.runAndReadAll(query)).getRows()
  try {
    const described = await ask(`DESCRIBE SELECT * FROM read_parquet('${files}')`)
    const stored = new Map(described.map(([name, type]) => [String(name), String(type)]))
    const values = columns.map((column) => {
      const name = nameIn(stored, column) ?? column.name
      return valueOf(column, name, stored.get(name) ?? '')
    })
    const [[fingerprint] = []] = await ask(
      `SELECT sum(hash(${values.join(', ')})::HUGEINT) FROM read_parquet('${files}')`,
    )
    return String(fingerprint)
  } finally {
    connection.closeSync()
  }
}

/** What a file calls a column. */
const nameIn = (stored: ReadonlyMap<string, string>, { name }: Column): string | undefined =>
  [name, otherNames[name] ?? ''].find((one) => stored.has(one))

/**
 * What two tables differ in, one line each, without values. Columns of `others` are other ones on purpose: there is nothing
 * to compare, but they must be there.
 */
export const differences = (
  ours: TableSummary,
  theirs: TableSummary,
  others: ReadonlySet<string>,
  absent: ReadonlySet<string>,
): readonly string[] => [
  ...(ours.rows === theirs.rows ? [] : [`${theirs.rows} rows where we have ${ours.rows}`]),
  ...[...ours.columns].flatMap(([name, own]) => {
    const found = theirs.columns.get(name)
    if (!found) return absent.has(name) ? [] : [`${name} is not there`]
    if (others.has(name)) return []
    const keys = Object.keys(own) as (keyof ColumnSummary)[]
    const different = keys.filter((key) => own[key] !== found[key])
    return different.length === 0 ? [] : [`${name} differs in ${different.join(', ')}`]
  }),
]
