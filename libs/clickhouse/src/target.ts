import { Fault, columnsOf, tokenOf } from '@silversmith/core'
import type { Chunk, Store, Table, Target } from '@silversmith/core'
import { countChunk } from './chunk-count.ts'
import { createConnection } from './connection.ts'
import { insert } from './insert.ts'
import { insertLayout } from './layout.ts'
import { namesOf, qualify, quoteName, withReloads } from './name.ts'
import { preflight } from './preflight.ts'
import type { Preflight } from './preflight.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface ClickHouseTargetOptions {
  readonly settings: ClickHouseSettings
  /** All tables the pipeline may write; `_reloads` is added. */
  readonly tables: readonly Table[]
  readonly store: Pick<Store, 'read'>
  /** Epoch ms; for tests. */
  readonly now?: () => number
}

/** A passed preflight holds this long. A failed one is never kept: the next attempt is the probe. */
export const preflightMsMax = 600_000

/** Until this age of a batch its tokens are surely remembered, and an INSERT may be repeated to complete views. */
const tokenMsMin = 900_000

/**
 * The target `clickhouse`. Its first call, and one every ten minutes, asks the server whether it is fit (see `preflight`).
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
  let passed: { readonly at: number; readonly outcome: Promise<Preflight> } | undefined

  const check = (signal: AbortSignal): Promise<Preflight> => {
    if (passed && now() - passed.at < preflightMsMax) return passed.outcome
    const outcome = preflight(connection, tables, settings, signal)
    passed = { at: now(), outcome }
    outcome.catch(() => {
      if (passed?.outcome === outcome) passed = undefined
    })
    return outcome
  }

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
     * surely remembered the answer is false, and the INSERT, repeated, completes the views only.
     */
    has: async (batch, chunk, signal) => {
      const { name } = tableOf(chunk)
      const { feeding } = await check(signal)
      const place = { token: tokenOf(batch, chunk.n), month: chunk.month }
      const count = await countChunk(connection, settings, name, place, signal)
      if (!(count >= 0))
        throw new Fault(
          'TARGET_UNAVAILABLE',
          `counting chunk ${place.token} in ${name} gave no number`,
        )
      const completable = feeding.has(name) && now() - timeOfUlid(batch) < tokenMsMin
      return count > 0 && !completable
    },
    put: async (batch, chunk, signal) => {
      const { table, name } = tableOf(chunk)
      const token = tokenOf(batch, chunk.n)
      if (!chunk.block)
        throw new Fault(
          'TARGET_MISCONFIGURED',
          `Chunk ${token} was staged without a block: its batch was sealed for targets other than clickhouse`,
        )
      const { pinned } = await check(signal)
      const body = await store.read(chunk.block.key, chunk.block.sha256, signal)
      const columns = columnsOf(table).map((column) => quoteName(column.name))
      await insert(
        settings,
        {
          statement: `INSERT INTO ${qualify(settings.database, name)} (${columns.join(', ')}) FORMAT Parquet`,
          body,
          token,
          comment: `silversmith layout ${insertLayout} batch ${batch}`,
          pinned,
          what: `INSERT of chunk ${token} into ${settings.database}.${name}`,
        },
        signal,
      )
    },
    close: () => connection.close(),
  }
}

const ulidDigits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Epoch ms within a ULID; the epoch itself for any other text, which makes it old. */
const timeOfUlid = (ulid: string): number =>
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(ulid)
    ? [...ulid.slice(0, 10)].reduce((time, digit) => time * 32 + ulidDigits.indexOf(digit), 0)
    : 0
