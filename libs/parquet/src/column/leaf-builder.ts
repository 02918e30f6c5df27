import type { Scalar, ScalarType } from '@silversmith/core'
import { formOf, isText } from '../schema/column-type.ts'
import type { Leaf } from '../schema/leaf.ts'
import { BinaryValues } from './binary-values.ts'
import { BooleanValues } from './boolean-values.ts'
import { FixedValues } from './fixed-values.ts'
import { FloatValues } from './float-values.ts'
import { IntegerValues } from './integer-values.ts'
import { Levels } from './levels.ts'
import { TextValues } from './text-values.ts'
import { type Meter, decodedValueBytes, type Values } from './values.ts'

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
    this.definitions?.set(this.#entries, definition)
    this.repetitions?.set(this.#entries, repetition)
    this.#entries += 1
    this.#meter.decodedBytes += decodedValueBytes
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
