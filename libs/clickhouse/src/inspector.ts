import {
  expiredRowsOf,
  Fault,
  type Holding,
  type Inspector,
  keptSince,
  type RowOrigin,
  rowIdentity,
  tokenOf,
} from '@silversmith/core'
import type { Chunk, Table } from '@silversmith/core'
import { nextMonth } from './chunk-count.ts'
import { createConnection } from './connection.ts'
import { namesOf, qualify, quoteName, quoteText } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface ClickHouseInspectorOptions {
  readonly settings: ClickHouseSettings
  /** All tables chunks may be of, see `tablesOf`; `_reloads` is added. */
  readonly tables: readonly Table[]
  /** Epoch ms; for tests. */
  readonly now?: () => number
}

interface Counted extends Holding {
  /** Identities of rows that are older than their table keeps rows. */
  readonly old: number
}

/** Rows of one question: each takes some 32 bytes of the server while its identities are counted. */
const rowsMax = 4_000_000
/** Chunks of one question: its text stays below what servers parse, 256 KiB by default. */
const chunksMax = 1_000

/**
 * Looks at the tables of ClickHouse, as `Target.has` does: by `_chunk` within the month of each chunk, on replicas that have
 * every acknowledged INSERT. Rows that merges have taken away are not counted. `close` ends idle connections.
 *
 * Throws SETTINGS_INVALID at once when the settings do not suit the tables; faults of questions; TARGET_MISCONFIGURED for a
 * table none of these.
 */
export const createClickHouseInspector = ({
  settings,
  tables,
  now = Date.now,
}: ClickHouseInspectorOptions): Inspector & { close(): Promise<void> } => {
  const names = namesOf(tables, settings)
  const connection = createConnection(settings)
  const nameOf = (table: string): string => {
    const name = names.get(table)
    if (name !== undefined) return qualify(settings.database, name)
    throw new Fault(
      'TARGET_MISCONFIGURED',
      `Table ${table} is none of ${[...names.keys()].join(', ')}: deploy a version that has its dataset`,
    )
  }
  const sinceOf = (table: string): number | undefined =>
    keptSince(
      tables.find(({ name }) => name === table),
      now(),
    )
  // Replicas answer only when they have every acknowledged INSERT.
  const consistent = { select_sequential_consistency: '1' }

  const count = async (
    batch: string,
    chunks: readonly Chunk[],
    signal: AbortSignal,
    origin: RowOrigin | undefined,
  ): Promise<ReadonlyMap<string, Counted>> => {
    const table = chunks[0]?.table ?? ''
    const identity = rowIdentity.map(quoteName).join(', ')
    const since = sinceOf(table)
    const old =
      since === undefined
        ? '0'
        : `uniqExactIf(${identity}, timestamp < fromUnixTimestamp64Milli(toInt64(${since}), 'UTC'))`
    const found = await connection.query<
      Readonly<Record<'token' | 'held' | 'identities' | 'expired', string>>
    >(
      {
        statement:
          `SELECT _chunk AS token, count() AS held, uniqExact(${identity}) AS identities, ${old} AS expired ` +
          `FROM ${nameOf(table)} WHERE (${whereChunks(batch, chunks)})${andOrigin(origin)} GROUP BY _chunk`,
        settings: consistent,
        what: `counting ${chunks.length} chunks of batch ${batch} in ${table}`,
      },
      signal,
    )
    return new Map(
      found.map(({ token, held, identities, expired }) => [
        token,
        { rows: Number(held), distinct: Number(identities), old: Number(expired) },
      ]),
    )
  }

  return {
    name: 'clickhouse',
    inspect: async (batch, chunks, signal, origin) => {
      const holdings = new Map<string, Counted>()
      for (const group of groupsOf(chunks))
        for (const [token, holding] of await count(batch, group, signal, origin))
          holdings.set(token, holding)
      return chunks.map((chunk) => {
        const counted = holdings.get(tokenOf(batch, chunk.n)) ?? { rows: 0, distinct: 0, old: 0 }
        const { old, ...held } = counted
        if (origin) return held
        // Where the chunk does not tell its days any row of the month may be one that is too old.
        const there = chunk.days ? old : held.distinct
        const expired = expiredRowsOf(chunk, sinceOf(chunk.table)) - there
        return expired > 0 ? { ...held, expired } : held
      })
    },
    listTokens: async (table, from, limit, signal) => {
      const after = from === undefined ? '' : `WHERE _chunk > ${quoteText(from)} `
      const found = await connection.query<{ token: string }>(
        {
          statement: `SELECT DISTINCT _chunk AS token FROM ${nameOf(table)} ${after}ORDER BY _chunk LIMIT ${limit}`,
          settings: consistent,
          what: `listing the chunks of ${table}`,
        },
        signal,
      )
      return found.map(({ token }) => token)
    },
    close: () => connection.close(),
  }
}

/** Chunks of one table each, so many that one question can count them. */
const groupsOf = (chunks: readonly Chunk[]): readonly (readonly Chunk[])[] => {
  const groups: Chunk[][] = []
  let rows = 0
  for (const chunk of chunks.toSorted((a, b) => (a.table < b.table ? -1 : 1))) {
    const group = groups.at(-1)
    rows += chunk.rows
    if (group?.[0]?.table === chunk.table && group.length < chunksMax && rows <= rowsMax) {
      group.push(chunk)
    } else {
      groups.push([chunk])
      rows = chunk.rows
    }
  }
  return groups
}

const andOrigin = (origin: RowOrigin | undefined): string => {
  if (!origin) return ''
  const { source, version, record } = origin
  const own = ` AND _source = ${quoteText(source)} AND _version = ${quoteText(version)}`
  return record === undefined ? own : `${own} AND _record = ${record}`
}

/** By month, so that only its partition is read. */
const whereChunks = (batch: string, chunks: readonly Chunk[]): string => {
  const months = [...new Set(chunks.map(({ month }) => month))]
  return months
    .map((month) => {
      const tokens = chunks
        .filter((chunk) => chunk.month === month)
        .map(({ n }) => quoteText(tokenOf(batch, n)))
      return (
        `(timestamp >= toDateTime64('${month}-01 00:00:00', 6, 'UTC') ` +
        `AND timestamp < toDateTime64('${nextMonth(month)}-01 00:00:00', 6, 'UTC') ` +
        `AND _chunk IN (${tokens.join(', ')}))`
      )
    })
    .join(' OR ')
}
