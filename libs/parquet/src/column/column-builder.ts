import type { Column, Scalar, StructValue, Value } from '@silversmith/core'
import { type Node, nodeOf } from '../schema/leaf.ts'
import { LeafBuilder } from './leaf-builder.ts'
import type { Meter } from './values.ts'

/** Takes the values of one column, row by row, into its leaves. */
export interface ColumnBuilder {
  readonly leaves: readonly LeafBuilder[]
  /** False when the value is not of the column's type; part of it may have been taken then. */
  add(value: Value | undefined, row: number): boolean
}

export const createColumnBuilder = (column: Column, meter: Meter): ColumnBuilder => {
  const node = nodeOf(column)
  return node.kind === 'leaf'
    ? new FlatColumn(new LeafBuilder(node.leaf, meter))
    : new NestedColumn(node, meter)
}

class FlatColumn implements ColumnBuilder {
  readonly leaves: readonly [LeafBuilder]
  readonly #leaf: LeafBuilder

  constructor(leaf: LeafBuilder) {
    this.leaves = [leaf]
    this.#leaf = leaf
  }

  add(value: Value | undefined, row: number): boolean {
    return this.#leaf.addFlat(value as Scalar | undefined, row)
  }
}

/** A node that knows the builders of the leaves below it. */
interface Branch {
  readonly node: Node
  readonly inner: readonly Branch[]
  readonly leaves: readonly LeafBuilder[]
}

/** Shreds nested values as Dremel does: each leaf entry says how deep it is defined and which list it goes on. */
class NestedColumn implements ColumnBuilder {
  readonly leaves: readonly LeafBuilder[]
  readonly #root: Branch

  constructor(node: Node, meter: Meter) {
    this.#root = grow(node, meter)
    this.leaves = this.#root.leaves
  }

  add(value: Value | undefined): boolean {
    return shred(this.#root, value, 0, 0)
  }
}

const grow = (node: Node, meter: Meter): Branch => {
  if (node.kind === 'leaf') {
    return { node, inner: [], leaves: [new LeafBuilder(node.leaf, meter)] }
  }
  const inner = innerOf(node).map((one) => grow(one, meter))
  return { node, inner, leaves: inner.flatMap(({ leaves }) => leaves) }
}

const innerOf = (node: Exclude<Node, { kind: 'leaf' }>): readonly Node[] => {
  if (node.kind === 'list') return [node.element]
  return node.kind === 'map' ? [node.key, node.value] : node.fields.map(([, field]) => field)
}

/** `repetition`: the level at which this entry repeats; `definition`: how many lists around it are not empty. */
const shred = (
  branch: Branch,
  value: Value | undefined,
  repetition: number,
  definition: number,
): boolean => {
  const { node, inner } = branch
  switch (node.kind) {
    case 'leaf':
      return branch.leaves[0]!.addNested(value as Scalar | undefined, repetition)
    case 'struct': {
      if (typeof value !== 'object' || value === null) return false
      const names = node.fields
      if (Object.keys(value).length !== names.length) return false
      return inner.every((field, at) =>
        shred(field, (value as StructValue)[names[at]![0]], repetition, definition),
      )
    }
    case 'list': {
      if (!Array.isArray(value)) return false
      const [element] = inner
      return shredEach(branch, value as readonly Value[], repetition, definition, (one, level) =>
        shred(element!, one, level, definition + 1),
      )
    }
    case 'map': {
      if (!(value instanceof Map)) return false
      const [key, held] = inner
      const pairs = [...(value as ReadonlyMap<string, Value>)]
      return shredEach(
        branch,
        pairs,
        repetition,
        definition,
        ([name, one], level) =>
          shred(key!, name, level, definition + 1) && shred(held!, one, level, definition + 1),
      )
    }
  }
}

const shredEach = <Entry>(
  { node, leaves }: Branch,
  entries: readonly Entry[],
  repetition: number,
  definition: number,
  add: (entry: Entry, repetition: number) => boolean,
): boolean => {
  if (entries.length === 0) {
    for (const leaf of leaves) leaf.addAbsent(repetition, definition)
    return true
  }
  const own = 'repetition' in node ? node.repetition : 0
  return entries.every((entry, at) => add(entry, at === 0 ? repetition : own))
}
