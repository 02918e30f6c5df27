import { columnsOf, Fault, rowIdentity, tokenOf } from '@silversmith/core'
import type { Chunk, Column, Mender, Row, Table } from '@silversmith/core'
import { countChunk, nextMonth } from './chunk-count.ts'
import { readTold, tell } from './column-type.ts'
import { createConnection } from './connection.ts'
import { onCluster } from './ddl.ts'
import type { ExistingTable } from './existing.ts'
import { insert } from './insert.ts'
import { insertLayout } from './layout.ts'
import { namesOf, qualify, quoteName, quoteText, withReloads } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'
import { sendUnspent } from './spent-token.ts'
import { createTableCheck } from './table-check.ts'
import type { CheckedTable } from './table-check.ts'
import { columnsOfChunk } from './target.ts'

export interface ClickHouseMenderOptions {
  readonly settings: ClickHouseSettings
  /** All tables chunks may be of, see `tablesOf`; `_reloads` is added. */
  readonly tables: readonly Table[]
  /** Epoch ms; for tests. */
  readonly now?: () => number
}

/** Rows read in one question. */
const pageRowsMax = 50_000

const dayMs = 86_400_000

/**
 * Mends tables of ClickHouse. Needs more rights than delivery does: ALTER DELETE to clear, SELECT on all columns to read. A
 * table that feeds materialized views is refused: a DELETE does not reach what they wrote, and the rows that are filled in
 * again would be there twice. `close` ends idle connections.
 *
 * Throws SETTINGS_INVALID at once when the settings do not suit the tables; faults as of preflight, questions and INSERTs.
 */
export const createClickHouseMender = ({
  settings,
  tables,
  now = Date.now,
}: ClickHouseMenderOptions): Mender & { close(): Promise<void> } => {
  const names = namesOf(tables, settings)
  const known = new Map(withReloads(tables).map((table) => [table.name, table]))
  const connection = createConnection(settings)
  const { checkTable } = createTableCheck({ connection, settings, now })

  const tableOf = (chunk: Chunk): { readonly table: Table; readonly name: string } => {
    const table = known.get(chunk.table)
    const name = names.get(chunk.table)
    if (table && name) return { table, name }
    throw new Fault(
      'TARGET_MISCONFIGURED',
      `Table ${chunk.table} is none of ${[...known.keys()].join(', ')}: use a version that has its dataset`,
    )
  }

  /** Asked before each change, also before the first: nothing is deleted that could not be put back. */
  const check = async (
    batch: string,
    chunk: Chunk,
    signal: AbortSignal,
  ): Promise<CheckedTable & { readonly columns: readonly string[] }> => {
    const own = tableOf(chunk)
    const { pinned, found } = await checkTable(own, signal)
    refuseFeeding(found, settings.database)
    const token = tokenOf(batch, chunk.n)
    const columns = columnsOfChunk(chunk, token, own.table, settings.database, found)
    return { pinned, found, columns }
  }

  return {
    name: 'clickhouse',
    clear: async (batch, chunk, signal) => {
      await check(batch, chunk, signal)
      const { name } = tableOf(chunk)
      const token = tokenOf(batch, chunk.n)
      const statement = deleteOf(settings, name, token, chunk.month)
      await connection.command(statement, `DELETE of chunk ${token} from ${name}`, signal)
      const place = { token, month: chunk.month }
      const left = await countChunk(connection, settings, name, place, signal)
      if (left !== 0)
        throw new Fault(
          'TARGET_UNAVAILABLE',
          `${left} rows of chunk ${token} are still in ${name} after their DELETE; nothing was filled in`,
        )
    },
    fill: async (batch, chunk, { bytes, token }, signal) => {
      const { pinned, found, columns } = await check(batch, chunk, signal)
      const { name } = tableOf(chunk)
      const send = (sent: string): Promise<void> =>
        insert(
          settings,
          {
            statement: `INSERT INTO ${qualify(settings.database, name)} (${columns.map(quoteName).join(', ')}) FORMAT Parquet`,
            body: bytes,
            token: sent,
            comment: `silversmith layout ${insertLayout} repair of batch ${batch}`,
            pinned,
            what: `INSERT ${sent} into ${settings.database}.${name}`,
          },
          signal,
        )
      await send(token)
      // A table that was emptied may know its token from before.
      const place = { token: tokenOf(batch, chunk.n), month: chunk.month }
      if (token !== place.token) return
      const isThere = async (): Promise<boolean> =>
        (await countChunk(connection, settings, name, place, signal)) > 0
      await sendUnspent({ token, database: settings.database, table: found, send, isThere })
    },
    readDay: async (batch, chunk, day, signal) => {
      const { table, name } = tableOf(chunk)
      const columns = columnsIn(table, chunk)
      const next = new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10)
      const statement =
        `SELECT ${columns.map((column, at) => `${tell(column)} AS c${at}`).join(', ')} FROM ${qualify(settings.database, name)} ` +
        `WHERE ${whereTime(day, next)} AND _chunk = ${quoteText(tokenOf(batch, chunk.n))} ` +
        `ORDER BY ${rowIdentity.map(quoteName).join(', ')}`
      const rows: Row[] = []
      for (;;) {
        const page = await connection.query<Readonly<Record<string, unknown>>>(
          {
            statement: `${statement} LIMIT ${pageRowsMax} OFFSET ${rows.length}`,
            settings: exact,
            what: `reading ${day} of chunk ${tokenOf(batch, chunk.n)} in ${name}`,
          },
          signal,
        )
        for (const row of page)
          rows.push(columns.map((column, at) => readTold(column.type, row[`c${at}`])))
        if (page.length < pageRowsMax) return { columns, rows }
      }
    },
    close: () => connection.close(),
  }
}

/** Lightweight, and done on every replica before the answer; of one month, so that other partitions are left alone. */
export const deleteOf = (
  settings: ClickHouseSettings,
  name: string,
  token: string,
  month: string,
): string =>
  `DELETE FROM ${qualify(settings.database, name)}${onCluster(settings)} ` +
  `WHERE ${whereTime(`${month}-01`, `${nextMonth(month)}-01`)} AND _chunk = ${quoteText(token)} ` +
  'SETTINGS lightweight_deletes_sync = 2, mutations_sync = 2'

/** Replicas answer when they have every acknowledged INSERT; JSON loses no digit, and an alias hides no column. */
const exact = {
  select_sequential_consistency: '1',
  output_format_json_quote_64bit_integers: '1',
  output_format_json_quote_64bit_floats: '0',
  output_format_json_quote_denormals: '1',
}

const whereTime = (from: string, to: string): string =>
  `timestamp >= toDateTime64('${from} 00:00:00', 6, 'UTC') AND timestamp < toDateTime64('${to} 00:00:00', 6, 'UTC')`

const refuseFeeding = ({ name, feeds }: ExistingTable, database: string): void => {
  if (feeds.length === 0) return
  const views = feeds.map((view) => view.join('.')).join(', ')
  throw new Fault(
    'TARGET_MISCONFIGURED',
    `${database}.${name} feeds materialized views (${views}): what is put back would be in them twice. ` +
      `Pause transform, drop them, repair, create them again on empty tables, fill these from ${database}.${name} by the SELECT of each view`,
  )
}

/** The columns of the chunk's files, in their order, with the types the table has for them. */
const columnsIn = (table: Table, chunk: Chunk): readonly Column[] => {
  const all = columnsOf(table)
  return (chunk.columns ?? all.map(({ name }) => name)).map((name) => {
    const column = all.find((one) => one.name === name)
    if (column) return column
    throw new Fault(
      'TARGET_MISCONFIGURED',
      `Column ${name} of a chunk in ${table.name} is none this version knows: use the version that staged it`,
    )
  })
}
