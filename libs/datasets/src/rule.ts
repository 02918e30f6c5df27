import type { Column, ColumnType, Row, Value } from '@silversmith/core'
import { rescuedColumn } from '@silversmith/core'
import type { JsonObject } from './json.ts'
import { isAbsent, writeJson } from './json.ts'
import type { Path, Rescue } from './path.ts'
import { pathText, spellingsOf } from './path.ts'
import { type Closed, createPathIndex, type PathIndex } from './path-index.ts'
import type { Read } from './read.ts'
import { readerOf } from './read.ts'

/** What a dataset works out once per record, for all its columns. */
export interface Facts {
  readonly record: JsonObject
}

/** Pure; MUST NOT throw. */
export type Derive<F extends Facts> = (facts: F, rescue: Rescue) => Value

/** One column and where its value comes from. */
export interface Rule<F extends Facts> extends Column {
  /** The first path whose value can be read wins; or a function where a path is not enough. */
  readonly from: readonly Path[] | Derive<F>
  /** How a value found at a path is read; by the column's type when absent. */
  readonly read?: Read
  /** What a function reads, for the reference. */
  readonly reads?: readonly Path[]
}

const rescued: Column = {
  name: rescuedColumn,
  type: 'json',
  nullable: true,
  description: 'Values that fit no column, by their path: {"path": value}',
}

/** Columns of a table and the function that writes its rows. */
export interface Compiled<F extends Facts> {
  readonly columns: readonly Column[]
  /** As `Table.paths`. */
  readonly paths: readonly string[]
  readonly write: (facts: F) => Row
}

export interface CompileOptions {
  /** When given, the values of these objects that nothing reads are rescued. */
  readonly closed?: Closed
  /** Paths that functions read, beside those that their rules name. */
  readonly known?: readonly Path[]
}

/**
 * Rules → columns and one function per row. `_rescued` is added as the last column. A value that is absent, or that the
 * column cannot hold, is null, or in a column that takes no nulls the empty value of its type; what cannot be held is rescued.
 */
export const compileRules = <F extends Facts>(
  rules: readonly Rule<F>[],
  { closed, known = [] }: CompileOptions = {},
): Compiled<F> => {
  const paths = rules.flatMap(({ from }) => (typeof from === 'function' ? [] : from))
  const read = rules.flatMap(({ reads = [] }) => reads)
  // Of all objects also those are looked through that only functions open.
  const index = createPathIndex(closed === 'all' ? [...paths, ...read] : paths)
  const rescueOthers = closed && index.watchOthers(closed, [...known, ...read])
  const fills = rules.map((rule) => fillOf(rule, index))
  let kept: Map<string, unknown> | undefined
  const rescue: Rescue = (path, value) => void (kept ??= new Map()).set(path, value)
  return {
    columns: [...rules.map(columnOf), rescued],
    paths: [...new Set([...paths, ...read].flatMap(withContainers))],
    write: (facts) => {
      kept = undefined
      const found = index.find(facts.record, rescue)
      const row = new Array<Value>(fills.length + 1)
      for (let at = 0; at < fills.length; at++) {
        const { place, absent, fill } = fills[at] as Fill<F>
        // Most columns have one place and no value.
        row[at] = place > 0 && isAbsent(found[place]) ? absent : fill(facts, rescue, found)
      }
      rescueOthers?.(found, rescue)
      // fromEntries defines keys, also one named __proto__.
      row[fills.length] = kept ? writeJson(Object.fromEntries(kept)) : null
      return row
    },
  }
}

/** A path and those of the objects it goes through. */
const withContainers = (path: Path): readonly string[] =>
  path.map((_, at) => pathText(path.slice(0, at + 1)))

const columnOf = <F extends Facts>(rule: Rule<F>): Column => {
  const { name, type, nullable, description, from, reads = [] } = rule
  const paths = (typeof from === 'function' ? reads : from).flatMap(spellingsOf).map(pathText)
  return { name, type, nullable, description, ...(paths.length > 0 && { paths }) }
}

/** How one column is filled. */
interface Fill<F extends Facts> {
  /** The only place its value can be at; 0 when there are several, or none. */
  readonly place: number
  readonly absent: Value
  /** `found`: the record's values at the paths of all columns. */
  readonly fill: (facts: F, rescue: Rescue, found: readonly unknown[]) => Value
}

/** The value of one path; undefined when there is none. */
type Find = (found: readonly unknown[], rescue: Rescue) => Value | undefined

const fillOf = <F extends Facts>(rule: Rule<F>, index: PathIndex): Fill<F> => {
  const { from, type, nullable } = rule
  if (typeof from === 'function') return { place: 0, absent: null, fill: from }
  const read = rule.read ?? readerOf(type)
  if (!read) throw new TypeError(`Column ${rule.name} of type ${nameOf(type)} needs a \`read\`.`)
  const absent = nullable ? null : emptyOf(type)
  const places = from.flatMap((path) => index.placesOf(path))
  const finds = from.map((path): Find => {
    const name = pathText(path)
    const [place = 0, ...spellings] = index.placesOf(path)
    return (found, rescue) => {
      let present = found[place]
      for (let at = 0; at < spellings.length && isAbsent(present); at++)
        present = found[spellings[at] as number]
      if (isAbsent(present)) return undefined
      const value = read(present)
      if (value === undefined) rescue(name, present)
      return value
    }
  })
  const [first, ...others] = finds
  const fill: Fill<F>['fill'] = (_facts, rescue, found) => {
    let value = first?.(found, rescue)
    for (let at = 0; at < others.length && value === undefined; at++)
      value = others[at]?.(found, rescue)
    return value === undefined ? absent : value
  }
  return { place: places.length === 1 ? (places[0] as number) : 0, absent, fill }
}

const emptyOf = (type: ColumnType): Value => {
  if (type === 'text' || type === 'category') return ''
  throw new TypeError(`A column of type ${nameOf(type)} that takes no nulls needs a function.`)
}

const nameOf = (type: ColumnType): string =>
  typeof type === 'string' ? type : JSON.stringify(type)
