import type { ColumnType } from '@silversmith/core'
import { pathText } from '../path.ts'
import { parseAsSent } from '../sent-number.ts'
import { createColumnNames } from './column-name.ts'
import { isSentObject, kinds } from './kind.ts'
import { createShape, observe, recordFieldsMax, type Shape } from './shape.ts'

/** A column, and the keys from the record down to its value. */
export interface InferredColumn {
  readonly name: string
  readonly type: ColumnType
  readonly path: readonly string[]
}

export interface Inferred {
  readonly columns: readonly InferredColumn[]
  /** Undefined: no field is a time in every record. */
  readonly time: readonly string[] | undefined
  /** Records that have a plausible time there. */
  readonly timed: number
  /** There were more fields than `columnsMax`; what is in the others is rescued. */
  readonly isCut: boolean
}

/** Objects stay whole, as JSON, where their fields would be more columns than that. */
export const columnsMax = recordFieldsMax

const digitsMax = 38

/** A place of the records. */
interface Spot {
  readonly path: readonly string[]
  readonly shape: Shape
}

const typeOf = ({ values, possible, wholeDigits, fractionDigits }: Shape): ColumnType => {
  // Nothing was there: text holds most of what may come.
  if (values === 0) return 'text'
  for (const kind of kinds) {
    if (!possible.has(kind)) continue
    if (kind !== 'decimal') return kind
    if (wholeDigits + fractionDigits <= digitsMax)
      return { decimal: { precision: digitsMax, scale: fractionDigits } }
  }
  return 'json'
}

const fieldsOf = ({ path, shape }: Spot): readonly Spot[] =>
  [...shape.fields].map(([name, field]) => ({ path: [...path, name], shape: field }))

/** All its values are objects, and their fields are those of records, not keys of a map. */
const isFlat = ({ shape }: Spot): boolean =>
  shape.objects > 0 && shape.objects === shape.values && !shape.isOpen

/** Objects give way to their fields, from the top down, as long as all of these have room. */
const flatten = (top: readonly Spot[]): readonly Spot[] => {
  let spots = top
  for (;;) {
    const at = spots.findIndex(
      (spot) => isFlat(spot) && spots.length - 1 + spot.shape.fields.size <= columnsMax,
    )
    if (at < 0) return spots
    spots = spots.flatMap((spot, index) => (index === at ? fieldsOf(spot) : [spot]))
  }
}

const isNamed = (path: readonly string[], name: string): boolean =>
  pathText(path) === name || path.join('.') === name

/** Of the fields that are a time in every record the first, one that says more than the day before one that does not. */
const usualTime = (spots: readonly Spot[], records: number): Spot | undefined => {
  const always = spots.filter(({ shape }) => shape.times > 0 && shape.times === records)
  return always.find(({ shape }) => !shape.possible.has('date')) ?? always[0]
}

export interface InferenceOptions {
  /** The event time: a field, or a path with dots. Undefined: the first field that is a time in every record. */
  readonly time?: string | undefined
}

/** Says what columns records have that are looked at one by one, in memory that their number does not raise. */
export const createInference = () => {
  const root = createShape()
  const spots = (): readonly Spot[] => flatten(fieldsOf({ path: [], shape: root }))

  return {
    /** Takes in one record, as JSON. False: it is no object, and says nothing. */
    add: (text: string): boolean => {
      const record = parseAsSent(text)
      if (!isSentObject(record)) return false
      observe(root, record)
      return true
    },
    /** Fields of which at least one value is a time, as people write them. */
    times: (): readonly string[] =>
      spots().flatMap(({ path, shape }) => (shape.times > 0 ? [pathText(path)] : [])),
    /** Undefined: `time` names no field that ever was a time. */
    infer: ({ time }: InferenceOptions = {}): Inferred | undefined => {
      const all = spots()
      const found =
        time === undefined
          ? usualTime(all, root.values)
          : all.find(({ path, shape }) => shape.times > 0 && isNamed(path, time))
      if (time !== undefined && !found) return undefined
      const nameOf = createColumnNames()
      const columns = all.map((spot) => ({
        name: nameOf(spot.path),
        // As sent: `timestamp` is the same in UTC.
        type: spot === found ? 'text' : typeOf(spot.shape),
        path: spot.path,
      }))
      const timed = found?.shape.times ?? 0
      return { columns, time: found?.path, timed, isCut: root.isOpen }
    },
  }
}
