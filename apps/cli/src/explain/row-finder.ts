import type { Clock, ErasedRecord, Match, Store } from '@silversmith/core'
import { columnsOf } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { describeFailure } from '@silversmith/flow'
import type { TargetSettings } from '../deployment/targets.ts'
import { openErasers } from '../erase/erasers.ts'
import { needDataset } from '../deployment/known-dataset.ts'
import type { Surroundings } from '../surroundings.ts'

/** Which rows: by an id or a hash of their dataset, or by any column. */
export interface RowQuestion {
  /** Undefined: all there are. */
  readonly dataset: string | undefined
  readonly id?: string | undefined
  readonly match?: Match | undefined
}

export interface FoundRows {
  /** Each once, in the order of the tables asked. */
  readonly records: readonly ErasedRecord[]
  /** Table and column, for people. */
  readonly asked: readonly string[]
  /** What could not be asked, and why. */
  readonly problems: readonly string[]
  /** There may be more than were taken. */
  readonly isCut: boolean
}

/** Records of one table and column that are taken. */
const recordsMax = 20
/** A question without an index reads a whole column; of silver every file. */
const findMs = 600_000

/** Columns that name a record, and hashes of its bytes. */
const idColumns = ['event_id', 'id', 'message_id']
const isHash = (text: string): boolean => /^[\da-f]{64}$/.test(text)
const isHashColumn = (column: string): boolean => /_hash$/.test(column)

const placesOf = ({
  dataset,
  id,
  match,
}: RowQuestion): readonly { readonly table: string; readonly match: Match }[] =>
  datasets
    .filter(({ name }) => dataset === undefined || name === dataset)
    .flatMap(({ tables }) => tables)
    .flatMap((table) => {
      const names = columnsOf(table).map(({ name }) => name)
      if (match) return names.includes(match.column) ? [{ table: table.name, match }] : []
      const value = id ?? ''
      const own = names.filter((name) =>
        isHash(value) ? isHashColumn(name) : idColumns.includes(name),
      )
      return own.map((column) => ({ table: table.name, match: { column, value } }))
    })

/**
 * Records with such a row, from ClickHouse, else from the silver files. What one table does not tell costs the others nothing.
 *
 * @throws UsageError for a dataset there is not.
 */
export const findRows = async (
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  settings: TargetSettings & { readonly quarantinePrefix: string },
  question: RowQuestion,
  { signal, progress }: Surroundings,
): Promise<FoundRows> => {
  needDataset(question.dataset)
  const { erasers, close } = openErasers(settings, store, clock)
  const [target] = erasers
  const asked: string[] = []
  const problems: string[] = []
  const records = new Map<string, ErasedRecord>()
  let isCut = false
  try {
    for (const { table, match } of placesOf(question)) {
      const place = `${table}.${match.column} in ${target?.name ?? 'no target'}`
      progress.show(`asking for ${place}`)
      asked.push(place)
      const limit = AbortSignal.any([signal, AbortSignal.timeout(findMs)])
      try {
        const found = (await target?.find(table, match, recordsMax, limit)) ?? []
        isCut ||= found.length >= recordsMax
        for (const one of found) records.set(`${one.source}\n${one.version}\n${one.record}`, one)
      } catch (error) {
        const { code, message } = describeFailure(error)
        problems.push(`${place}: ${code}: ${message}`)
      }
    }
    return { records: [...records.values()], asked, problems, isCut }
  } finally {
    await close()
  }
}
