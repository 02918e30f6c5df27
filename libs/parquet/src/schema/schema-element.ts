import type { Column, Field, ScalarType } from '@silversmith/core'
import { fixedBytes, type Form, formOf, type Physical } from './column-type.ts'
import { isScalar } from './leaf.ts'

/** One line of a file's schema, as parquet.thrift's SchemaElement has it. A group has children and no physical type. */
export interface SchemaElement {
  readonly name: string
  readonly repetition: 'REQUIRED' | 'OPTIONAL' | 'REPEATED'
  readonly children?: number
  readonly physical?: Physical
  /** Of a FIXED_LEN_BYTE_ARRAY. */
  readonly lengthBytes?: number
  readonly converted?: Form['converted'] | 'LIST' | 'MAP' | undefined
  /** Absent for groups that are no column's or field's own. */
  readonly type?: ScalarType | 'list' | 'map'
}

/** The file's schema behind its root, depth first. */
export const schemaOf = (columns: readonly Column[]): readonly SchemaElement[] =>
  columns.flatMap(({ name, ...field }) => elementsOf(name, field))

const elementsOf = (name: string, { type, nullable }: Field): readonly SchemaElement[] => {
  if (isScalar(type)) return [leafOf(name, type, nullable)]
  if ('list' in type) {
    const element = elementsOf('element', type.list)
    return [groupOf(name, 'list'), repeated('list', 1), ...element]
  }
  if ('map' in type) {
    const pair = [leafOf('key', 'text', false), ...elementsOf('value', type.map)]
    return [groupOf(name, 'map'), repeated('key_value', 2), ...pair]
  }
  const fields = Object.entries(type.struct)
  const inner = fields.flatMap(([field, one]) => elementsOf(field, one))
  return [{ name, repetition: 'REQUIRED', children: fields.length }, ...inner]
}

const groupOf = (name: string, type: 'list' | 'map'): SchemaElement => {
  const converted = type === 'list' ? 'LIST' : 'MAP'
  return { name, repetition: 'REQUIRED', children: 1, converted, type }
}

const repeated = (name: string, children: number): SchemaElement => ({
  ...{ name, repetition: 'REPEATED', children },
})

const leafOf = (name: string, type: ScalarType, nullable: boolean): SchemaElement => {
  const { physical, converted } = formOf(type)
  return {
    ...{ name, type, physical, converted, repetition: nullable ? 'OPTIONAL' : 'REQUIRED' },
    ...(physical === 'FIXED_LEN_BYTE_ARRAY' && { lengthBytes: fixedBytes }),
  }
}
