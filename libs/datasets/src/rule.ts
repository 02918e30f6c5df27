import type { Column, ColumnType, Row, Value } from '@silversmith/core'
import type { JsonObject } from './json.ts'
import { writeJson } from './json.ts'
import type { Path, Rescue } from './path.ts'
import { pathText, valueAt } from './path.ts'
import type { Read } from './read.ts'
import { readers } from './read.ts'

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
}

const rescued: Column = {
  name: '_rescued',
  type: 'json',
  nullable: true,
  description: 'Values that fit no column, by their path: {"path": value}',
}

/** Columns of a table and the function that writes its rows. */
export interface Compiled<F extends Facts> {
  readonly columns: readonly Column[]
  readonly write: (facts: F) => Row
}

/**
 * Rules → columns and one function per row. `_rescued` is added as the last column. A value that is absent, or that the
 * column cannot hold, is null, or in a column that takes no nulls the empty value of its type; what cannot be held is rescued.
 */
export const compileRules = <F extends Facts>(rules: readonly Rule<F>[]): Compiled<F> => {
  const derivations = rules.map(deriveOf)
  return {
    columns: [
      ...rules.map(({ name, type, nullable, description }) => ({
        name,
        type,
        nullable,
        description,
      })),
      rescued,
    ],
    write: (facts) => {
      let kept: Map<string, unknown> | undefined
      const rescue: Rescue = (path, value) => (kept ??= new Map()).set(path, value)
      const row: Value[] = derivations.map((derive) => derive(facts, rescue))
      // fromEntries defines keys, also one named __proto__.
      row.push(kept ? writeJson(Object.fromEntries(kept)) : null)
      return row
    },
  }
}

const deriveOf = <F extends Facts>(rule: Rule<F>): Derive<F> => {
  const { from, type, nullable } = rule
  if (typeof from === 'function') return from
  const read = rule.read ?? readers[type]
  const absent = nullable ? null : emptyOf(type)
  return ({ record }, rescue) => {
    for (const path of from) {
      const found = valueAt(record, path, rescue)
      if (found === undefined) continue
      const value = read(found)
      if (value !== undefined) return value
      rescue(pathText(path), found)
    }
    return absent
  }
}

const emptyOf = (type: ColumnType): Value => {
  if (type === 'text' || type === 'category') return ''
  throw new TypeError(`A column of type ${type} that takes no nulls needs a function.`)
}
