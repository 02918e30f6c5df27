import {
  type ErasedRecord,
  type ErasedRow,
  type Eraser,
  Fault,
  type Table,
} from '@silversmith/core'
import { nextMonth } from './chunk-count.ts'
import { createConnection } from './connection.ts'
import { onCluster } from './ddl.ts'
import { readExisting, tableKey } from './existing.ts'
import { namesOf, qualify, quoteName, quoteText } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface ClickHouseEraserOptions {
  readonly settings: ClickHouseSettings
  /** All tables rows may be of, see `tablesOf`. */
  readonly tables: readonly Table[]
}

/** Servers parse statements of 256 KiB by default. */
const conditionBytesMax = 128 * 1024

/** Replicas answer when they have every acknowledged INSERT. What is asked for names a person: it stays out of the query log. */
const exact = { select_sequential_consistency: '1', log_queries: '0' }

/**
 * Erases from tables of ClickHouse by mutations, which write the parts anew without the rows: a lightweight DELETE would leave them
 * on disk until some merge. Rows that such a DELETE hid before go with the parts they are in. Needs the rights of a repair: ALTER
 * DELETE, SELECT. The server removes old parts from its disks some minutes later (`old_parts_lifetime`). `close` ends idle
 * connections.
 *
 * Throws SETTINGS_INVALID at once when the settings do not suit the tables; faults of questions and commands;
 * TARGET_MISCONFIGURED for a table none of these.
 */
export const createClickHouseEraser = ({
  settings,
  tables,
}: ClickHouseEraserOptions): Eraser & { close(): Promise<void> } => {
  const names = namesOf(tables, settings)
  const connection = createConnection(settings)
  const nameOf = (table: string): string => {
    const name = names.get(table)
    if (name !== undefined) return name
    throw new Fault(
      'TARGET_MISCONFIGURED',
      `Table ${table} is none of ${[...names.keys()].join(', ')}: use a version that has its dataset`,
    )
  }
  const placeOf = (table: string): string => qualify(settings.database, nameOf(table))

  const locate: Eraser['locate'] = async (table, records, signal) => {
    const rows: ErasedRow[] = []
    for (const condition of conditionsOf(records)) {
      const found = await connection.query<Readonly<Record<string, string>>>(
        {
          statement:
            'SELECT _source AS s, _version AS v, toString(_record) AS r, toString(_part) AS p, _chunk AS c, ' +
            `toString(toDate32(timestamp)) AS d FROM ${placeOf(table)} WHERE ${condition}`,
          settings: exact,
          what: `looking for the rows to erase in ${table}`,
        },
        signal,
      )
      for (const { s = '', v = '', r, p, c = '', d = '' } of found)
        rows.push({
          ...{ source: s, version: v, record: Number(r), part: Number(p) },
          ...{ chunk: c, day: d, place: d.slice(0, 7) },
        })
    }
    return rows
  }

  return {
    name: 'clickhouse',
    find: async (table, { column, value }, limit, signal) => {
      const found = await connection.query<Readonly<Record<string, string | null>>>(
        {
          statement:
            'SELECT DISTINCT _source AS s, _version AS v, toString(_record) AS r, toString(_line) AS l ' +
            `FROM ${placeOf(table)} WHERE toString(${quoteName(column)}) = ${quoteText(value)} LIMIT ${limit}`,
          settings: exact,
          what: `looking for the records to erase in ${table}`,
        },
        signal,
      )
      return found.map(({ s, v, r, l }): ErasedRecord => ({
        ...{ source: s ?? '', version: v ?? '', record: Number(r) },
        line: l === null || l === undefined ? null : Number(l),
      }))
    },
    locate,
    erase: async (table, rows, signal) => {
      const alter = `ALTER TABLE ${placeOf(table)}${onCluster(settings)}`
      const what = `erasing from ${table}`
      // Month by month, so that other partitions are left alone.
      for (const [month, some] of Map.groupBy(rows, ({ place }) => place))
        for (const condition of conditionsOf(some))
          await connection.command(
            `${alter} DELETE WHERE ${whereMonth(month)} AND (${condition}) SETTINGS mutations_sync = 2`,
            what,
            signal,
          )
      const left = await locate(table, rows, signal)
      if (left.length > 0)
        throw new Fault(
          'TARGET_UNAVAILABLE',
          `${left.length} rows that were erased from ${table} are still there: run the same again`,
        )
    },
    copiesOf: async (table, signal) => {
      const name = nameOf(table)
      const { tables: found } = await readExisting(connection, settings, [name], signal)
      const own = found.get(tableKey(settings.database, name))
      return (own?.feeds ?? []).map(
        (view) => `materialized view ${view.join('.')} keeps what it made of rows of ${name}`,
      )
    },
    close: () => connection.close(),
  }
}

const whereMonth = (month: string): string =>
  `timestamp >= toDateTime64('${month}-01 00:00:00', 6, 'UTC') AND timestamp < toDateTime64('${nextMonth(month)}-01 00:00:00', 6, 'UTC')`

/** Conditions that together hold for all rows of these records, none too long to be parsed. */
const conditionsOf = (records: readonly Omit<ErasedRecord, 'line'>[]): readonly string[] => {
  const conditions: string[] = []
  let tuples: string[] = []
  let bytes = 0
  const close = (): void => {
    if (tuples.length > 0) conditions.push(`(_source, _version, _record) IN (${tuples.join(', ')})`)
    tuples = []
    bytes = 0
  }
  const named = records.map(
    ({ source, version, record }) => `(${quoteText(source)}, ${quoteText(version)}, ${record})`,
  )
  for (const tuple of new Set(named)) {
    if (bytes > conditionBytesMax) close()
    tuples.push(tuple)
    bytes += Buffer.byteLength(tuple) + 2
  }
  close()
  return conditions
}
