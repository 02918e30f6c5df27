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
  /** Rows that are there, duplicates and all, oldest insert first where nothing was merged. */
  rows(table: string): readonly StoredRow[]
  /** Every row that ever was appended, oldest first, whatever merges made of it. */
  appended(table: string): readonly StoredRow[]
  /** DELETE FROM … WHERE; the tokens stay remembered. */
  removeRows(table: string, where: (row: StoredRow) => boolean): void
  tables(): readonly string[]
  /** Merges all parts of each partition of the table, as ReplacingMergeTree does. Returns the rows merged away. */
  merge(table: string): number
  /** DROP PARTITION, TRUNCATE and restores forget tokens. */
  forgetTokens(): void
  /** As new tables: nothing was ever appended. */
  truncate(): void
}

export interface EngineOptions {
  /** `non_replicated_deduplication_window`. */
  readonly windowBlocks: number
}

interface EngineTable {
  readonly parts: { readonly partition: string; rows: readonly StoredRow[] }[]
  readonly appended: StoredRow[]
  readonly ids: Set<string>
}

/** The end of ORDER BY: of rows with one key a merge keeps the newest. */
const keyOf = (row: StoredRow): string =>
  `${row['_source']} ${row['_version']} ${row['_record']}/${row['_part']} ${row['_generation']}`

/**
 * MergeTree with `non_replicated_deduplication_window` = `windowBlocks`: per table, the ids of the last N
 * partition-blocks; an id is token and partition, never the content. 0 is ClickHouse's default: nothing is deduplicated.
 */
export const createEngine = ({ windowBlocks }: EngineOptions): Engine => {
  const tables = new Map<string, EngineTable>()
  const tableOf = (name: string): EngineTable => {
    const table = tables.get(name) ?? { parts: [], appended: [], ids: new Set() }
    tables.set(name, table)
    return table
  }
  const rowsOf = (name: string): readonly StoredRow[] =>
    tables.get(name)?.parts.flatMap(({ rows }) => rows) ?? []
  return {
    insertBlock: ({ table: name, token, partition, rows }) => {
      const table = tableOf(name)
      const id = JSON.stringify([token, partition])
      if (windowBlocks > 0 && table.ids.has(id)) return false
      table.parts.push({ partition, rows })
      table.appended.push(...rows)
      table.ids.add(id)
      for (const oldest of table.ids) {
        if (table.ids.size <= windowBlocks) break
        table.ids.delete(oldest)
      }
      return true
    },
    count: (name, chunk) => rowsOf(name).filter((row) => row['_chunk'] === chunk).length,
    rows: rowsOf,
    appended: (name) => tables.get(name)?.appended ?? [],
    removeRows: (name, where) => {
      for (const part of tableOf(name).parts) part.rows = part.rows.filter((row) => !where(row))
    },
    tables: () => [...tables.keys()],
    merge: (name) => {
      const table = tableOf(name)
      const before = rowsOf(name).length
      const partitions = new Map<string, Map<string, StoredRow>>()
      for (const { partition, rows } of table.parts.splice(0)) {
        const kept = partitions.get(partition) ?? new Map<string, StoredRow>()
        partitions.set(partition, kept)
        for (const row of rows) kept.set(keyOf(row), row)
      }
      for (const [partition, kept] of partitions)
        table.parts.push({ partition, rows: [...kept.values()] })
      return before - rowsOf(name).length
    },
    forgetTokens: () => {
      for (const { ids } of tables.values()) ids.clear()
    },
    truncate: () => tables.clear(),
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
    const members = partitions.get(partition) ?? []
    members.push(row)
    partitions.set(partition, members)
  }
  return [...partitions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([partition, members]) => ({ table, token, partition, rows: members }))
}
