import { columnsOf, type Drift, type JsonType, rescuedColumn, type Table } from '@silversmith/core'
import type { Connection } from './connection.ts'
import { onCluster } from './ddl.ts'
import { readExisting, tableKey } from './existing.ts'
import { namesOf, qualify, quoteName, quoteText } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'
import { viewsOf } from './view.ts'

/** A column for a path that no column of the dataset reads. */
export interface Evolution {
  readonly dataset: string
  readonly table: string
  readonly path: string
  readonly column: string
  readonly type: string
  /** In this order: the column, then the views that have all columns. */
  readonly statements: readonly string[]
}

/**
 * Columns for new paths: each takes its value out of `_rescued`, in rows there were before and in those to come, so that neither
 * the mapping nor an open batch needs to know of it. Paths of another type than their column get none.
 *
 * @throws Fault as `readExisting`; RangeError for a path whose table does not exist.
 */
export const planEvolution = async (
  connection: Connection,
  tables: readonly Table[],
  settings: ClickHouseSettings,
  drift: readonly Drift[],
  signal: AbortSignal,
): Promise<readonly Evolution[]> => {
  const names = namesOf(tables, settings)
  const existing = await readExisting(connection, settings, [...names.values()], signal)
  const taken = new Map<string, Set<string>>()
  return drift
    .filter(({ kind }) => kind === 'new')
    .flatMap((one): readonly Evolution[] => {
      const table = tables.find(({ name }) => name === one.table)
      const name = names.get(one.table)
      if (!table || name === undefined) return []
      const found = existing.tables.get(tableKey(settings.database, name))
      if (!found) throw new RangeError(`table ${name} is not there: run silversmith migrate first`)
      if (found.columns.some(({ comment }) => comment === commentOf(one.path))) return []
      const own = taken.get(name) ?? new Set(found.columns.map((column) => column.name))
      for (const { name: column } of columnsOf(table)) own.add(column)
      taken.set(name, own)
      const column = columnNameOf(one.path, own)
      own.add(column)
      return [evolutionOf(one, table, { name, column }, settings)]
    })
}

const evolutionOf = (
  { dataset, path, types }: Drift,
  table: Table,
  { name, column }: { readonly name: string; readonly column: string },
  settings: ClickHouseSettings,
): Evolution => {
  const type = typeOf(types)
  const place = `ifNull(${quoteName(rescuedColumn)}, ''), ${quoteText(path)}`
  const alter = `ALTER TABLE ${qualify(settings.database, name)}${onCluster(settings)}`
  const shown = `Nullable(${type ?? 'String'})`
  return {
    ...{ dataset, table: table.name, path, column, type: shown },
    statements: [
      `${alter} ADD COLUMN IF NOT EXISTS ${quoteName(column)} ${shown} DEFAULT ${valueAt(place, type)} COMMENT ${quoteText(commentOf(path))}`,
      ...viewsOf(table, settings, name).map(({ statement }) => statement),
    ],
  }
}

/**
 * Null where a later value is of another type. By way of its text: JSONExtract alone would make 1 of 1.5 and of true, and
 * `_rescued` has long numbers as text.
 */
const valueAt = (place: string, type: string | undefined): string => {
  if (type === undefined) return `nullIf(JSONExtractRaw(${place}), '')`
  const text = `JSONExtract(${place}, 'Nullable(String)')`
  if (type === 'String') return text
  return type === 'Bool'
    ? `if(${text} IN ('true', 'false'), ${text} = 'true', NULL)`
    : `to${type}OrNull(${text})`
}

/** By it a path is known to have its column. */
const commentOf = (path: string): string => `From ${rescuedColumn}, by its path: ${path}`

const clickHouseTypes: Readonly<Partial<Record<JsonType, string>>> = {
  ...{ text: 'String', boolean: 'Bool', whole: 'Int64', number: 'Float64' },
}

/** Undefined: values of several types, or nested ones; kept as their JSON text. */
const typeOf = (types: Drift['types']): string | undefined => {
  const names = Object.keys(types) as JsonType[]
  const [only] = names
  if (names.length === 1 && only) return clickHouseTypes[only]
  return names.every((name) => name === 'whole' || name === 'number') ? 'Float64' : undefined
}

const nameLengthMax = 60

/** Of `a.b` it is `b`, of `a["x/y"]` it is `x/y`: see `pathText` of the datasets. */
const lastKeyOf = (path: string): string => {
  const [, quoted] = /\[("(?:[^"\\]|\\.)*")\]$/.exec(path) ?? []
  return quoted === undefined ? (path.split('.').at(-1) ?? '') : (JSON.parse(quoted) as string)
}

/** Last key of the path in the way of other columns, and a number where that name is taken. */
const columnNameOf = (path: string, taken: ReadonlySet<string>): string => {
  const last = lastKeyOf(path).split(/[/#]/).at(-1) ?? ''
  const plain = last
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, nameLengthMax)
  const base = /^[a-z]/.test(plain) ? plain : `field_${plain}`.replace(/_$/, '')
  let name = base
  for (let n = 2; taken.has(name); n += 1) name = `${base}_${n}`
  return name
}
