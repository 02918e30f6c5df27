import { Fault, columnsOf, expiredRowsOf, keptSince, tokenOf } from '@silversmith/core'
import type { Chunk, Store, Table, Target } from '@silversmith/core'
import { createChunkBodies } from './chunk-bodies.ts'
import { countChunk } from './chunk-count.ts'
import { createConnection } from './connection.ts'
import type { ExistingTable } from './existing.ts'
import { insert } from './insert.ts'
import { insertLayout } from './layout.ts'
import { namesOf, qualify, quoteName, withReloads } from './name.ts'
import { preflight } from './preflight.ts'
import type { ClickHouseSettings } from './settings.ts'
import { sendUnspent } from './spent-token.ts'
import { createTableCheck } from './table-check.ts'
import { createTokenMemory } from './token-memory.ts'

export interface ClickHouseTargetOptions {
  readonly settings: ClickHouseSettings
  /** All tables chunks may be of, see `tablesOf`; `_reloads` is added. Only those are asked for that a chunk comes of. */
  readonly tables: readonly Table[]
  readonly store: Pick<Store, 'read'>
  /** Epoch ms; for tests. */
  readonly now?: () => number
}

/**
 * The target `clickhouse`. The first call for a table, and one every ten minutes, asks whether server and table are fit (see `preflight`).
 * Each call asks whether its table is still what the preflight saw, since ClickHouse casts without a word: 0.5 becomes 0 in a
 * column that someone made an integer. An ALTER between that question and the INSERT, some milliseconds, is not seen.
 * `close` ends idle connections.
 *
 * Throws SETTINGS_INVALID at once when the settings do not suit the tables.
 */
export const createClickHouseTarget = ({
  settings,
  tables,
  store,
  now = Date.now,
}: ClickHouseTargetOptions): Target & { close(): Promise<void> } => {
  const names = namesOf(tables, settings)
  const known = new Map(withReloads(tables).map((table) => [table.name, table]))
  const connection = createConnection(settings)
  const memory = createTokenMemory(now)
  const bodies = createChunkBodies(store)
  const { checkTable, forgetAll } = createTableCheck({ connection, settings, now })

  const tableOf = (chunk: Chunk): { readonly table: Table; readonly name: string } => {
    const table = known.get(chunk.table)
    const name = names.get(chunk.table)
    if (table && name) return { table, name }
    throw new Fault(
      'TARGET_MISCONFIGURED',
      `Table ${chunk.table} of a sealed chunk is none of ${[...known.keys()].join(', ')}: deploy a version that has its dataset; the batch waits`,
    )
  }

  return {
    name: 'clickhouse',
    /**
     * A chunk is one block of one partition and lands whole or not at all, so any of its rows proves all; fewer than
     * there were means that someone deleted or a reload replaced some since.
     *
     * A table that feeds materialized views is another matter: its rows may be in and theirs not. While the token is
     * surely remembered the answer is false, and the INSERT, repeated, completes the views only. Later neither answer is
     * right, true may leave the views without rows and false may double the table's: TARGET_MISCONFIGURED, a person decides.
     */
    has: async (batch, chunk, signal) => {
      const own = tableOf(chunk)
      const { name } = own
      const { found } = await checkTable(own, signal)
      const token = tokenOf(batch, chunk.n)
      const place = { token, month: chunk.month }
      const askedAt = now()
      const count = await countChunk(connection, settings, name, place, signal)
      if (!(count >= 0))
        throw new Fault('TARGET_UNAVAILABLE', `counting chunk ${token} in ${name} gave no number`)
      if (count === 0) memory.keepAbsence(token, askedAt)
      if (count === 0 || found.feeds.length === 0) return count > 0
      if (memory.isSure(batch, token)) return false
      throw undecidable(token, settings.database, found)
    },
    check: async (signal) => {
      // A new look at the server, whatever was seen before.
      forgetAll()
      await preflight(connection, tables, settings, signal)
    },
    prepare: ({ block }, signal) => void (block && bodies.fetchAhead(block, signal)),
    put: async (batch, chunk, signal) => {
      const own = tableOf(chunk)
      const { table, name } = own
      const token = tokenOf(batch, chunk.n)
      if (!chunk.block)
        throw new Fault(
          'TARGET_MISCONFIGURED',
          `Chunk ${token} was staged without a block: its batch was sealed for targets other than clickhouse`,
        )
      // Bytes first: nothing slow between the look at the table and the INSERT.
      const body = await bodies.read(chunk.block, signal)
      const { pinned, found } = await checkTable(own, signal)
      const columns = columnsOfChunk(chunk, token, table, settings.database, found)
      const send = (sent: string): Promise<void> =>
        insert(
          settings,
          {
            statement: `INSERT INTO ${qualify(settings.database, name)} (${columns.map(quoteName).join(', ')}) FORMAT Parquet`,
            body,
            token: sent,
            comment: `silversmith layout ${insertLayout} batch ${batch}`,
            pinned,
            what: `INSERT of chunk ${token} into ${settings.database}.${name}`,
          },
          signal,
        )
      await send(token)
      // Rows that are too old may be deleted as soon as they are there.
      const expired = expiredRowsOf(chunk, keptSince(table, now()))
      if (!memory.sawAbsence(token) || expired >= chunk.rows) return
      const place = { token, month: chunk.month }
      const isThere = async (): Promise<boolean> =>
        (await countChunk(connection, settings, name, place, signal)) > 0
      await sendUnspent({ token, database: settings.database, table: found, send, isThere })
    },
    close: () => connection.close(),
  }
}

/**
 * The columns the staged file holds, which a release before this one may have chosen. Those it lacks get the table's
 * defaults, as older rows have; those the table lacks would be dropped by ClickHouse without a word.
 */
export const columnsOfChunk = (
  chunk: Chunk,
  token: string,
  table: Table,
  database: string,
  found: ExistingTable,
): readonly string[] => {
  const columns = chunk.columns ?? columnsOf(table).map(({ name }) => name)
  const there = new Set(found.columns.map(({ name }) => name))
  const lacking = columns.filter((name) => !there.has(name))
  if (lacking.length === 0) return columns
  throw new Fault(
    'TARGET_MISCONFIGURED',
    `Chunk ${token} was staged with values for ${lacking.join(', ')}, which ${database}.${found.name} lacks: they would be lost. ` +
      `Add again what the release that staged it had (ALTER TABLE ${qualify(database, found.name)} ADD COLUMN …); the batch waits`,
  )
}

const undecidable = (token: string, database: string, { name, feeds }: ExistingTable): Fault => {
  const views = feeds.map((view) => view.join('.')).join(', ')
  return new Fault(
    'TARGET_MISCONFIGURED',
    `Chunk ${token} is in ${database}.${name}, but perhaps not in what reads it (${views}): an INSERT that lands may fail in a view, ` +
      'and its token may be forgotten by now, so repeating it could double rows. The batch waits. ' +
      'Rebuild the views: drop them, upon which the batch commits; pause transform; create them again on empty tables, ' +
      `fill these from ${database}.${name} by the SELECT of each view; resume`,
  )
}
