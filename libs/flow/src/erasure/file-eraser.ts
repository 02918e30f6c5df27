import {
  type Clock,
  type Column,
  columnsOf,
  type ErasedRecord,
  type ErasedRow,
  type Eraser,
  Fault,
  type Row,
  rowIdentity,
  type Store,
  type Table,
} from '@silversmith/core'
import { mapConcurrently } from '../patience.ts'
import { parquetType, replaceFile } from './file-replacement.ts'

export interface FileEraserOptions {
  readonly name: string
  readonly store: Store
  readonly clock: Clock
  /** Tables that files may be of. */
  readonly tables: readonly Table[]
  /** Folder of a table's files, with a slash at its end. */
  readonly folderOf: (table: string) => string
  /** Rows of a Parquet file with the columns named. Throws when it lacks one. */
  readonly decode: (
    bytes: Uint8Array,
    columns: readonly string[],
  ) => Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Names of the columns of a Parquet file. Throws when it is none. */
  readonly columnsOf: (bytes: Uint8Array) => readonly string[]
  /** All of a file, for `encode` to make the same of it. */
  readonly readTable: (
    bytes: Uint8Array,
    known: readonly Column[],
  ) => Promise<{ readonly columns: readonly Column[]; readonly rows: readonly Row[] }>
  readonly encode: (columns: readonly Column[], rows: readonly Row[]) => Uint8Array
}

/** Files read at a time. */
const readsMax = 4

/**
 * Erases from Parquet files. Nothing tells which of them hold a record, so that each search reads every file of the table once. A
 * file is replaced by one without the rows; one that has no others is deleted.
 */
export const createFileEraser = (options: FileEraserOptions): Eraser => {
  const { store, clock } = options

  const scan = async (
    table: string,
    { columns, matched }: { readonly columns: readonly string[]; readonly matched?: string },
    take: (key: string, row: Readonly<Record<string, unknown>>) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const keys: string[] = []
    const readSome = () =>
      mapConcurrently(keys.splice(0), readsMax, async (key) => {
        const bytes = await store.read(key, undefined, signal)
        try {
          // Written before the table had the column: none of its rows has a value there.
          if (matched !== undefined && !options.columnsOf(bytes).includes(matched)) return
          for (const row of await options.decode(bytes, columns)) take(key, row)
        } catch (error) {
          throw unreadable(key, error)
        }
      })
    for await (const key of store.list(options.folderOf(table), signal)) {
      if (!key.endsWith('.parquet')) continue
      keys.push(key)
      if (keys.length === readsMax) await readSome()
    }
    await readSome()
  }

  return {
    name: options.name,
    find: async (table, { column, value }, limit, signal) => {
      const found = new Map<string, ErasedRecord>()
      const columns = [...new Set([column, '_source', '_version', '_record', '_line'])]
      await scan(
        table,
        { columns, matched: column },
        (_key, row) => {
          if (row[column] === null || String(row[column]) !== value || found.size >= limit) return
          const record = recordOf(row)
          found.set(nameOf(record), record)
        },
        signal,
      )
      return [...found.values()]
    },
    locate: async (table, records, signal) => {
      const names = new Set(records.map(nameOf))
      const rows: ErasedRow[] = []
      await scan(
        table,
        { columns: [...rowIdentity, '_chunk', 'timestamp'] },
        (place, row) => {
          const { source, version, record } = recordOf(row)
          if (!names.has(nameOf({ source, version, record }))) return
          const day = new Date(Number(row['timestamp']) / 1000).toISOString().slice(0, 10)
          const own = { part: Number(row['_part']), chunk: String(row['_chunk']), day, place }
          rows.push({ source, version, record, ...own })
        },
        signal,
      )
      return rows
    },
    erase: async (table, rows, signal) => {
      const known = options.tables.find(({ name }) => name === table)
      if (!known) throw new Fault('TARGET_MISCONFIGURED', `table ${table} is not known here`)
      const call = { deadline: Infinity, signal }
      for (const [key, some] of Map.groupBy(rows, ({ place }) => place)) {
        if (!(await store.look(key, signal))) continue
        const bytes = await store.read(key, undefined, signal)
        const { columns, rows: all } = await options
          .readTable(bytes, columnsOf(known))
          .catch((error: unknown) => Promise.reject(unreadable(key, error)))
        const at = ['_source', '_version', '_record'].map((name) =>
          columns.findIndex((column) => column.name === name),
        )
        const names = new Set(some.map(nameOf))
        const kept = all.filter((row) => !names.has(at.map((n) => String(row[n])).join('\n')))
        if (kept.length === all.length) continue
        if (kept.length === 0) await store.purge(key, signal)
        else {
          const file = { bytes: options.encode(columns, kept), contentType: parquetType }
          await replaceFile({ store, clock }, key, file, call)
        }
      }
    },
    copiesOf: () => Promise.resolve([]),
  }
}

const recordOf = (row: Readonly<Record<string, unknown>>): ErasedRecord => ({
  source: String(row['_source']),
  version: String(row['_version']),
  record: Number(row['_record']),
  line: row['_line'] === null || row['_line'] === undefined ? null : Number(row['_line']),
})

const nameOf = ({ source, version, record }: Omit<ErasedRecord, 'line'>): string =>
  `${source}\n${version}\n${record}`

const unreadable = (key: string, cause: unknown): Fault =>
  new Fault(
    'OBJECT_UNREADABLE',
    `${key} is no Parquet file of ours, so that nobody knows whose rows are in it: look at it, delete it, and run the same again`,
    { cause },
  )
