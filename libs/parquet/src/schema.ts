import { ParquetSchema } from '@dsnp/parquetjs/dist/lib/schema.js'
import type { SchemaDefinition } from '@dsnp/parquetjs/dist/lib/declare.js'
import type { Column } from '@silversmith/core'
import { forms } from './column-type.ts'

/** Flat schema in the order of the columns. Throws a TypeError when two columns share a name. */
export const schemaOf = (columns: readonly Column[]): ParquetSchema => {
  // Object keys that look like integers would be moved to the front; a column order other than asked would go unnoticed.
  const odd = columns.find(({ name }) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (odd) throw new TypeError(`Column name ${JSON.stringify(odd.name)} is not an identifier.`)
  if (new Set(columns.map(({ name }) => name)).size !== columns.length)
    throw new TypeError('Two columns have the same name.')
  const definition: SchemaDefinition = {}
  for (const { name, type, nullable } of columns) {
    const { physical, converted } = forms[type]
    definition[name] = { type: converted ?? physical, optional: nullable }
  }
  return new ParquetSchema(definition)
}
