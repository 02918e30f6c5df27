import type { Column } from '@silversmith/core'
import { columnsOf } from '@silversmith/core'
import { eventRules, xapiEvents } from '@silversmith/datasets'
import { plain } from './plain-columns.ts'

/** Types that engines are told to read JSON values as. */
export type Leaf = 'text' | 'json' | 'uint32' | 'uint64' | 'float64' | 'boolean'

/** The statements as an SQL engine is told to read them, as far as columns are taken from them. */
export type Shape = ReadonlyMap<string, Shape | Leaf>
type Growing = Map<string, Growing | Leaf>

type Keys = readonly string[]

/** Where an SQL engine finds a column: keys from the root, alternatives in order. */
export interface Extraction {
  readonly column: Column
  readonly paths: readonly Keys[]
}

const leaves: Readonly<Record<string, Leaf>> = {
  ...{ text: 'text', category: 'text', json: 'json', boolean: 'boolean' },
  ...{ uint32: 'uint32', uint64: 'uint64', float64: 'float64' },
}

/** A column that is counted, not read. */
const counted = 'hints_requested'

/** Columns that are read at paths. Engines look for the first spelling of a key only: the statements have no other. */
export const extractions = (isPlain: boolean): readonly Extraction[] => {
  const wanted = new Set(plain.columns.map(({ name }) => name))
  return eventRules.flatMap(({ from, read: _read, ...column }) => {
    if (typeof from === 'function' || column.name === counted) return []
    if (isPlain && !wanted.has(column.name)) return []
    return [{ column, paths: from.map((path) => path.map((key) => [key].flat()[0] ?? '') as Keys) }]
  })
}

/** What the columns that are computed are made of. */
const parts: readonly (readonly [Keys, Leaf])[] = [
  [['id'], 'text'],
  [['timestamp'], 'text'],
  [['actor', 'account', 'name'], 'text'],
  [['actor', 'mbox'], 'text'],
  [['object', 'definition', 'type'], 'text'],
  [['object', 'definition', 'name', 'en-US'], 'text'],
  [['result', 'response'], 'json'],
  [['context', 'extensions', 'http://oli.cmu.edu/extensions/host_name'], 'text'],
  [['context', 'extensions', `http://oli.cmu.edu/extensions/${counted}`], 'json'],
]

export const shapeOf = (isPlain: boolean): Shape => {
  const shape: Growing = new Map()
  for (const { column, paths } of extractions(isPlain))
    for (const path of paths) put(shape, path, leaves[String(column.type)] ?? 'text')
  if (!isPlain) for (const [path, leaf] of parts) put(shape, path, leaf)
  return shape
}

const put = (shape: Growing, path: Keys, leaf: Leaf): void => {
  const [key = '', ...rest] = path
  if (rest.length === 0) return void shape.set(key, leaf)
  const known = shape.get(key)
  const inner: Growing = known instanceof Map ? known : new Map()
  shape.set(key, inner)
  put(inner, rest, leaf)
}

/** How an engine writes the columns that are not simply read. */
export interface Dialect {
  /** The value at keys. */
  readonly at: (path: Keys) => string
  /** Column → SQL. */
  readonly computed: Readonly<Record<string, string>>
}

/** The list of a SELECT for all columns, ours and lineage, in our order. */
export const selectAll = ({ at, computed }: Dialect): string => {
  const read = new Map(extractions(false).map((one) => [one.column.name, one.paths]))
  const [table] = xapiEvents.tables
  return (table ? columnsOf(table) : [])
    .map(({ name }) => {
      const sql = read.has(name) ? firstOf(read.get(name) ?? [], at) : computed[name]
      if (sql === undefined) throw new Error(`nothing says how ${name} is computed`)
      return `${sql} AS ${name}`
    })
    .join(',\n')
}

export const selectPlain = (at: Dialect['at']): string =>
  extractions(true)
    .map(({ column, paths }) => `${firstOf(paths, at)} AS ${column.name}`)
    .join(',\n')

const firstOf = (paths: readonly Keys[], at: Dialect['at']): string =>
  paths.length === 1 ? at(paths[0] ?? []) : `coalesce(${paths.map(at).join(', ')})`
