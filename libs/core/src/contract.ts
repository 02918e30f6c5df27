/**
 * What becomes of a record that has values which fit no column of its dataset.
 *
 * - `rescue`: its rows are loaded; these values are in `_rescued`, by their path.
 * - `evolve`: as `rescue`; and columns for them are proposed, see `silversmith drift`.
 * - `freeze`: it is rejected, with the first of their paths.
 * - `discard_row`: it is discarded and counted.
 */
export type Contract = 'evolve' | 'rescue' | 'freeze' | 'discard_row'

export const contractNames: readonly Contract[] = ['evolve', 'rescue', 'freeze', 'discard_row']

/** Of a dataset for which nothing else is set. */
export const defaultContract: Contract = 'rescue'

/**
 * What a new version of an object does to the rows of the older ones. `append`: they all count. `supersede`: only those of the
 * newest version do, even where it has none; needs a bucket with versioning.
 */
export type Overwrite = 'append' | 'supersede'

export const overwriteNames: readonly Overwrite[] = ['append', 'supersede']

/** Dataset → what overwriting does; `append` where nothing is said. */
export type Overwrites = Readonly<Record<string, Overwrite>>

/** Dataset → its contract. */
export type Contracts = Readonly<Record<string, Contract>>

/** Column that keeps what fits no other: JSON text, `{"path": value}`; null when there is nothing. */
export const rescuedColumn = '_rescued'

export type JsonType = 'text' | 'whole' | 'number' | 'boolean' | 'object' | 'array'

/** A path of a dataset's records whose values fit no column. `new`: no column reads it. `retyped`: of another type than its column. */
export interface Drift {
  readonly dataset: string
  readonly table: string
  /** As `_rescued` has it. */
  readonly path: string
  readonly kind: 'new' | 'retyped'
  readonly rows: number
  /** Rows by what the value is. */
  readonly types: Readonly<Partial<Record<JsonType, number>>>
}
