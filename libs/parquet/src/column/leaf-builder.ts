import type { Scalar, ScalarType } from '@silversmith/core'
import { formOf, isText } from '../schema/column-type.ts'
import { squeeze, unsqueeze } from '../file/codec.ts'
import type { Leaf } from '../schema/leaf.ts'
import { BinaryValues } from './binary-values.ts'
import { BooleanValues } from './boolean-values.ts'
import { FixedValues } from './fixed-values.ts'
import { FloatValues } from './float-values.ts'
import { IntegerValues } from './integer-values.ts'
import { Levels } from './levels.ts'
import { TextValues } from './text-values.ts'
import { type Meter, decodedValueBytes, type Values } from './values.ts'

/** A leaf that waits for more rows to be encoded with. */
export interface PackedLeaf {
  readonly leaf: Leaf
  readonly count: number
  readonly entries: number
  readonly values: Uint8Array
  readonly definitions?: Uint8Array
  readonly repetitions?: Uint8Array
}

/** Gathers one leaf of a row group. */
export class LeafBuilder {
  readonly leaf: Leaf
  readonly values: Values
  /** Where they could be only one, levels are not written. */
  readonly definitions: Levels | undefined
  readonly repetitions: Levels | undefined
  readonly #meter: Meter
  /** Of a nested leaf: values, nulls and the places of empty lists. */
  #entries = 0

  constructor(leaf: Leaf, meter: Meter) {
    const { definitionMax, repetitionMax } = leaf
    this.leaf = leaf
    this.#meter = meter
    this.values = createValues(leaf.type, meter)
    this.definitions = definitionMax > 0 ? new Levels(definitionMax, meter) : undefined
    this.repetitions = repetitionMax > 0 ? new Levels(repetitionMax, meter) : undefined
  }

  /** The value of a leaf that is a column of its own. False when it is not of the leaf's type. */
  addFlat(value: Scalar | undefined, row: number): boolean {
    if (value === null) return this.leaf.nullable
    if (value === undefined || !this.values.add(value)) return false
    this.definitions?.set(row, 1)
    return true
  }

  /** Of a nested leaf. `repetition`: 0 for the first entry of a row. */
  addNested(value: Scalar | undefined, repetition: number): boolean {
    const { definitionMax, nullable } = this.leaf
    if (value === null) {
      if (nullable) this.addAbsent(repetition, definitionMax - 1)
      return nullable
    }
    if (value === undefined || !this.values.add(value)) return false
    this.#addEntry(repetition, definitionMax)
    return true
  }

  /** An entry without a value, of a nested leaf. */
  addAbsent(repetition: number, definition: number): void {
    this.#addEntry(repetition, definition)
  }

  #addEntry(repetition: number, definition: number): void {
    if (definition > 0) this.definitions?.set(this.#entries, definition)
    if (repetition > 0) this.repetitions?.set(this.#entries, repetition)
    this.#entries += 1
    this.#meter.decodedBytes += decodedValueBytes
  }

  /** Adds its entries to the builders of the parts their rows belong to, of the same leaf. `partOfRow`: one for each of its rows. */
  split(partOfRow: ArrayLike<number>, parts: readonly LeafBuilder[]): void {
    const { definitionMax } = this.leaf
    const entries = this.entriesOf(partOfRow.length)
    const nextValue = this.values.reader()
    let row = -1
    for (let entry = 0; entry < entries; entry++) {
      const repetition = this.repetitions?.get(entry) ?? 0
      if (repetition === 0) row += 1
      const part = parts[partOfRow[row] as number] as LeafBuilder
      const definition = this.definitions?.get(entry) ?? definitionMax
      if (definition === definitionMax) part.values.add(nextValue())
      part.#addEntry(repetition, definition)
    }
  }

  /** All of it in less memory. */
  pack(): PackedLeaf {
    const { leaf, values, definitions, repetitions } = this
    return {
      ...{ leaf, count: values.count, entries: this.#entries, values: squeeze(values.plain()) },
      ...(definitions && { definitions: squeeze(definitions.view()) }),
      ...(repetitions && { repetitions: squeeze(repetitions.view()) }),
    }
  }

  /** What was packed, to be split. */
  static unpack(packed: PackedLeaf): LeafBuilder {
    const builder = new LeafBuilder(packed.leaf, { heldBytes: 0, decodedBytes: 0 })
    builder.values.load(unsqueeze(packed.values), packed.count)
    if (packed.definitions) builder.definitions?.load(unsqueeze(packed.definitions))
    if (packed.repetitions) builder.repetitions?.load(unsqueeze(packed.repetitions))
    builder.#entries = packed.entries
    return builder
  }

  /** Flat leaves have an entry a row. */
  entriesOf(rows: number): number {
    return this.#entries || rows
  }
}

const createValues = (type: ScalarType, meter: Meter): Values => {
  if (isText(type)) return new TextValues(meter)
  switch (formOf(type).physical) {
    case 'BYTE_ARRAY':
      return new BinaryValues(meter)
    case 'FIXED_LEN_BYTE_ARRAY':
      return new FixedValues(type, meter)
    case 'DOUBLE':
      return new FloatValues(meter)
    case 'BOOLEAN':
      return new BooleanValues(meter)
    case 'INT32':
    case 'INT64':
      return new IntegerValues(type, meter)
  }
}
