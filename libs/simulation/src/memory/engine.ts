/** A row as a target shows it to its readers: column name → value. */
export type StoredRow = Readonly<Record<string, unknown>>

export interface Block {
  readonly table: string
  readonly token: string
  readonly partition: string
  readonly rows: readonly StoredRow[]
}

/** The part of ClickHouse that exactly-once rests on. */
export interface Engine {
  /** Appends the block, atomically, unless its token is still in the window. True: it was appended. */
  insertBlock(block: Block): boolean
  /** Rows of a table with that `_chunk`. */
  count(table: string, chunk: string): number
  /** Every row, duplicates and all, oldest insert first. */
  rows(table: string): readonly StoredRow[]
  tables(): readonly string[]
  /** DROP PARTITION, TRUNCATE and restores forget tokens. */
  forgetTokens(): void
}

/**
 * MergeTree with `non_replicated_deduplication_window` = `windowBlocks`: per table, the ids of the last N
 * partition-blocks; an id is token and partition, never the content. 0 is ClickHouse's default: nothing is deduplicated.
 */
export const createEngine = ({ windowBlocks }: { readonly windowBlocks: number }): Engine => {
  const tables = new Map<string, { rows: StoredRow[]; ids: Set<string> }>()
  const tableOf = (name: string): { rows: StoredRow[]; ids: Set<string> } => {
    const table = tables.get(name) ?? { rows: [], ids: new Set() }
    tables.set(name, table)
    return table
  }
  return {
    insertBlock: ({ table: name, token, partition, rows }) => {
      const table = tableOf(name)
      const id = JSON.stringify([token, partition])
      if (windowBlocks > 0 && table.ids.has(id)) return false
      table.rows.push(...rows)
      table.ids.add(id)
      for (const oldest of table.ids) {
        if (table.ids.size <= windowBlocks) break
        table.ids.delete(oldest)
      }
      return true
    },
    count: (table, chunk) =>
      (tables.get(table)?.rows ?? []).filter((row) => row['_chunk'] === chunk).length,
    rows: (table) => tables.get(table)?.rows ?? [],
    tables: () => [...tables.keys()],
    forgetTokens: () => {
      for (const { ids } of tables.values()) ids.clear()
    },
  }
}

/** One INSERT as the engine sees it: one block per partition, in partition order. */
export const blocksOf = (
  table: string,
  token: string,
  rows: readonly StoredRow[],
  partitionOf: (row: StoredRow) => string,
): readonly Block[] => {
  const partitions = new Map<string, StoredRow[]>()
  for (const row of rows) {
    const partition = partitionOf(row)
    partitions.set(partition, [...(partitions.get(partition) ?? []), row])
  }
  return [...partitions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([partition, members]) => ({ table, token, partition, rows: members }))
}
