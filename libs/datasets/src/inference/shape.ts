import { isAbsent } from '../json.ts'
import { readTimestamp } from '../read.ts'
import { SentNumber } from '../sent-number.ts'
import { digitsOf, isOfKind, isSentObject, type Kind, kinds } from './kind.ts'

/** Fields of records that are looked at: columns of a dataset of one's own. */
export const recordFieldsMax = 200
/** Fields of an object within a record: with more it is a map, whose keys are data. */
const fieldsMax = 50
/** Objects within objects that are looked into. */
const depthMax = 8

/** What the values at one place of the records have in common. */
export interface Shape {
  /** Values that were there: neither absent nor null. */
  values: number
  /** Of them, those that are plausible times. */
  times: number
  /** Of them, those that are objects with fields. */
  objects: number
  /** Kinds that hold all of them. */
  readonly possible: Set<Kind>
  /** Digits before and behind the point that their numbers need. */
  wholeDigits: number
  fractionDigits: number
  /** Of the objects among them. */
  readonly fields: Map<string, Shape>
  /** There were more fields than are looked at, or deeper ones. */
  isOpen: boolean
}

export const createShape = (): Shape => ({
  ...{ values: 0, times: 0, objects: 0, wholeDigits: 0, fractionDigits: 0, isOpen: false },
  possible: new Set(kinds),
  fields: new Map(),
})

/** Takes one more value in, in memory that many values do not raise. `value`: as `parseAsSent` gives it. */
export const observe = (shape: Shape, value: unknown, depth = 0): void => {
  if (isAbsent(value)) return
  shape.values += 1
  for (const kind of shape.possible) if (!isOfKind(kind, value)) shape.possible.delete(kind)
  if (typeof value === 'string' && readTimestamp(value) !== undefined) shape.times += 1
  if (value instanceof SentNumber) observeDigits(shape, value.source)
  if (isSentObject(value)) observeFields(shape, value, depth)
}

const observeDigits = (shape: Shape, source: string): void => {
  const { significant, exponent } = digitsOf(source)
  shape.wholeDigits = Math.max(shape.wholeDigits, significant.length + exponent)
  shape.fractionDigits = Math.max(shape.fractionDigits, -exponent)
}

const observeFields = (
  shape: Shape,
  object: Readonly<Record<string, unknown>>,
  depth: number,
): void => {
  const names = Object.keys(object)
  if (names.length > 0) shape.objects += 1
  if (depth > depthMax) shape.isOpen = true
  else
    for (const name of names) {
      const known = shape.fields.get(name)
      if (!known && shape.fields.size >= (depth === 0 ? recordFieldsMax : fieldsMax)) {
        shape.isOpen = true
        continue
      }
      const field = known ?? createShape()
      if (!known) shape.fields.set(name, field)
      observe(field, object[name], depth + 1)
    }
}
