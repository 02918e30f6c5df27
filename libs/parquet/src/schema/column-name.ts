import type { Column } from '@silversmith/core'

/** Throws a TypeError when two columns share a name, or one is such that readers would take it for something else. */
export const checkNames = (columns: readonly Column[]): void => {
  const odd = columns.find(({ name }) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (odd) throw new TypeError(`Column name ${JSON.stringify(odd.name)} is not an identifier.`)
  if (new Set(columns.map(({ name }) => name)).size !== columns.length)
    throw new TypeError('Two columns have the same name.')
}
