import type { Column } from '@silversmith/core'
import { eventRules } from '@silversmith/datasets'
import { plain } from './plain-columns.ts'

/** A column as an SQL engine takes it out of a statement: keys from the root, alternatives in order. */
export interface Extraction {
  readonly column: Column
  readonly paths: readonly (readonly string[])[]
}

const spellingsOf = (path: readonly (string | readonly string[])[]): readonly string[][] => {
  const last = path.at(-1) ?? []
  const before = path.slice(0, -1) as string[]
  return (typeof last === 'string' ? [last] : last).map((key) => [...before, key])
}

/** Columns that are read at paths. An engine is asked for the first spelling only: the statements have no other. */
export const extractions = (isPlain: boolean): readonly Extraction[] => {
  const wanted = new Set(plain.columns.map(({ name }) => name))
  return eventRules.flatMap(({ from, read: _read, ...column }) => {
    if (typeof from === 'function' || (isPlain && !wanted.has(column.name))) return []
    return [{ column, paths: from.map((path) => spellingsOf(path)[0] ?? []) }]
  })
}

/** Columns our mapping computes, as SQL over a struct `s` and the raw `line`; the same in DuckDB and, but for names, elsewhere. */
export const computedNames: readonly string[] = eventRules.flatMap(({ name, from }) =>
  typeof from === 'function' ? [name] : [],
)
