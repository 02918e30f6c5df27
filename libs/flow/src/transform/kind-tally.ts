import type { Dataset, TableRow } from '@silversmith/core'

/** Kinds told of one batch; a column of more is none of few values. */
const kindsMax = 50

/** Counts the rows of a batch by their kind, of tables that name a column of kinds. */
export const createKindTally = (datasets: readonly Dataset[]) => {
  const places = new Map(
    datasets
      .flatMap(({ tables }) => tables)
      .map(({ name, kinds, columns }) => [name, columns.findIndex((one) => one.name === kinds)]),
  )
  const counts = new Map<string, number>()
  return {
    add: (rows: readonly TableRow[]): void => {
      for (const { table, values } of rows) {
        const kind = values[places.get(table) ?? -1]
        if (typeof kind !== 'string') continue
        if (counts.has(kind) || counts.size < kindsMax)
          counts.set(kind, (counts.get(kind) ?? 0) + 1)
      }
    },
    counts: (): Readonly<Record<string, number>> => Object.fromEntries(counts),
  }
}

export type KindTally = ReturnType<typeof createKindTally>
