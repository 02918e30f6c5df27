import { Fault } from '@silversmith/core'
import type { Table } from '@silversmith/core'
import type { Connection } from './connection.ts'
import { fingerprintOf, readFingerprint } from './existing.ts'
import type { ExistingTable } from './existing.ts'
import { preflight } from './preflight.ts'
import type { Preflight } from './preflight.ts'
import type { ClickHouseSettings } from './settings.ts'

/** A passed preflight holds this long, unless the table in question changes. A failed one is never kept: the next attempt is the probe. */
export const preflightMsMax = 600_000

/** Preflights in a row for one chunk whose table is another after each. */
const preflightsMax = 3

interface CheckOptions {
  readonly connection: Connection
  readonly settings: ClickHouseSettings
  /** Epoch ms. */
  readonly now: () => number
}

/** A table of the dataset, and what it is called there. */
export interface NamedTable {
  readonly table: Table
  readonly name: string
}

export interface CheckedTable {
  readonly pinned: Preflight['pinned']
  readonly found: ExistingTable
}

export interface TableCheck {
  /** A preflight that passed, and the table as it is now. */
  checkTable(own: NamedTable, signal: AbortSignal): Promise<CheckedTable>
  forgetAll(): void
}

export const createTableCheck = ({ connection, settings, now }: CheckOptions): TableCheck => {
  const passed = new Map<Table, { readonly at: number; readonly outcome: Promise<Preflight> }>()

  const check = (table: Table, signal: AbortSignal): Promise<Preflight> => {
    const before = passed.get(table)
    if (before && now() - before.at < preflightMsMax) return before.outcome
    const outcome = preflight(connection, [table], settings, signal)
    passed.set(table, { at: now(), outcome })
    outcome.catch(() => forget(table, outcome))
    return outcome
  }
  const forget = (table: Table, outcome: Promise<Preflight>): void => {
    if (passed.get(table)?.outcome === outcome) passed.delete(table)
  }

  return {
    checkTable: async ({ table, name }, signal) => {
      for (let count = 0; count < preflightsMax; count += 1) {
        const outcome = check(table, signal)
        const { pinned, tables: seen } = await outcome
        const found = seen.get(name)
        const fingerprint = await readFingerprint(connection, settings, name, signal)
        if (found && fingerprintOf(found) === fingerprint) return { pinned, found }
        forget(table, outcome)
      }
      throw new Fault(
        'TARGET_UNAVAILABLE',
        `${settings.database}.${name} changes while it is looked at, or its replicas differ.`,
      )
    },
    forgetAll: () => passed.clear(),
  }
}
