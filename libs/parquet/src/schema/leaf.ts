import type { Column, ColumnType, Field, ScalarType } from '@silversmith/core'

/** A primitive column of the file: where scalars of a column, or of a part of it, lie one after the other. */
export interface Leaf {
  /** Names from the column down, e.g. `['tags', 'list', 'element']`. */
  readonly path: readonly string[]
  readonly type: ScalarType
  readonly nullable: boolean
  /** Definition level of a value that is there; one less for a null. */
  readonly definitionMax: number
  /** Lists and maps around it. */
  readonly repetitionMax: number
}

/** The shape of a column's values. */
export type Node =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'list'; readonly repetition: number; readonly element: Node }
  | { readonly kind: 'map'; readonly repetition: number; readonly key: Node; readonly value: Node }
  | { readonly kind: 'struct'; readonly fields: readonly (readonly [name: string, node: Node])[] }

export const isScalar = (type: ColumnType): type is ScalarType =>
  typeof type === 'string' || 'decimal' in type

export const nodeOf = ({ name, ...field }: Column): Node => nodeAt(field, [name], 0)

/** `lists`: repeated groups around the field; each adds a level of both kinds. */
const nodeAt = (field: Field, path: readonly string[], lists: number): Node => {
  const { type, nullable } = field
  if (isScalar(type)) {
    const definitionMax = lists + (nullable ? 1 : 0)
    return { kind: 'leaf', leaf: { path, type, nullable, definitionMax, repetitionMax: lists } }
  }
  if (nullable)
    throw new TypeError(`${path.join('.')} is nested: it takes no nulls; an empty one says it.`)
  const repetition = lists + 1
  if ('list' in type) {
    const element = nodeAt(type.list, [...path, 'list', 'element'], repetition)
    return { kind: 'list', repetition, element }
  }
  if ('map' in type) {
    const pair = [...path, 'key_value']
    const key = nodeAt({ type: 'text', nullable: false }, [...pair, 'key'], repetition)
    const value = nodeAt(type.map, [...pair, 'value'], repetition)
    return { kind: 'map', repetition, key, value }
  }
  const fields = Object.entries(type.struct).map(
    ([name, inner]) => [name, nodeAt(inner, [...path, name], lists)] as const,
  )
  if (fields.length === 0) throw new TypeError(`${path.join('.')} is a struct without fields.`)
  return { kind: 'struct', fields }
}

/** In the order in which their chunks lie in a row group. */
export const leavesOf = (node: Node): readonly Leaf[] => {
  switch (node.kind) {
    case 'leaf':
      return [node.leaf]
    case 'list':
      return leavesOf(node.element)
    case 'map':
      return [...leavesOf(node.key), ...leavesOf(node.value)]
    case 'struct':
      return node.fields.flatMap(([, inner]) => leavesOf(inner))
  }
}
