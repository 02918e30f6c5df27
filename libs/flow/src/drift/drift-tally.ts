import {
  type Contract,
  type Dataset,
  type Drift,
  type JsonType,
  type Mapped,
  rescuedColumn,
  type TableRow,
} from '@silversmith/core'

/** Paths a batch tells of; rows with others are counted all the same. */
const pathsMax = 200
/** A longer path is counted and not told: manifests are read whole, and keys are as long as a sender likes. */
const pathCharsMax = 1_000

/** Counts the values of a batch that fit no column, by their path. */
export const createDriftTally = () => {
  const found = new Map<string, Mutable>()
  const columns = new Map<string, number>()
  let drifted = 0

  const rescuedAt = (dataset: Dataset, table: string): number => {
    const name = `${dataset.name}/${table}`
    const known = columns.get(name)
    if (known !== undefined) return known
    const own = dataset.tables.find((one) => one.name === table)?.columns ?? []
    const at = own.findIndex(({ name: column }) => column === rescuedColumn)
    columns.set(name, at)
    return at
  }

  /** First path of the rows that fits no column; undefined: all fit. */
  const look = (dataset: Dataset, rows: readonly TableRow[]): string | undefined => {
    let first: string | undefined
    for (const { table, values } of rows) {
      const text = values[rescuedAt(dataset, table)]
      if (typeof text !== 'string') continue
      drifted += 1
      for (const [path, value] of Object.entries(JSON.parse(text) as object)) {
        first ??= path
        count(dataset, table, path, typeOf(value))
      }
    }
    return first
  }

  const count = (dataset: Dataset, table: string, path: string, type: JsonType): void => {
    if (path.length > pathCharsMax) return
    const name = JSON.stringify([dataset.name, table, path])
    const entry = found.get(name) ?? begin(dataset, table, path)
    if (!found.has(name)) {
      if (found.size >= pathsMax) return
      found.set(name, entry)
    }
    entry.rows += 1
    entry.types[type] = (entry.types[type] ?? 0) + 1
  }

  return { look, drifted: () => drifted, entries: (): readonly Drift[] => [...found.values()] }
}

export type DriftTally = ReturnType<typeof createDriftTally>

type Mutable = Omit<Drift, 'rows' | 'types'> & {
  rows: number
  readonly types: Partial<Record<JsonType, number>>
}

const begin = (dataset: Dataset, table: string, path: string): Mutable => {
  const paths = dataset.tables.find(({ name }) => name === table)?.paths ?? []
  const kind = paths.includes(path) ? 'retyped' : 'new'
  return { dataset: dataset.name, table, path, kind, rows: 0, types: {} }
}

const typeOf = (value: unknown): JsonType => {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isInteger(value) ? 'whole' : 'number'
  return Array.isArray(value) ? 'array' : 'object'
}

/** What the dataset's contract makes of rows with values that fit no column. */
export const holdToContract = (
  mapped: Mapped,
  dataset: Dataset,
  contract: Contract,
  drift: DriftTally,
): Mapped => {
  if (!('rows' in mapped)) return mapped
  const path = drift.look(dataset, mapped.rows)
  if (path === undefined) return mapped
  if (contract === 'freeze') return { rejection: { reason: 'contract_breach', path } }
  return contract === 'discard_row' ? { discarded: 'contract_breach' } : mapped
}
