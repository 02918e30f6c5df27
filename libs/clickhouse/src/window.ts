import { replicatedWindowSeconds } from './ddl.ts'
import { tableKey } from './existing.ts'
import type { Existing, ExistingTable } from './existing.ts'
import { qualify } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

/** A table must keep tokens at least this long: far longer than any unverified repetition of an INSERT. */
const windowSecondsMin = 3_600

/** A setting of a table that is too small, and the statement that raises it. */
export interface SmallWindow {
  readonly reason: string
  readonly statement: string
}

/** What is too small for a token to be remembered until nobody repeats it blindly. Only for engines of the MergeTree family. */
export const smallWindowsOf = (
  table: ExistingTable,
  database: string,
  existing: Existing,
  settings: Pick<ClickHouseSettings, 'deduplicationWindow'>,
  onCluster: string,
): readonly SmallWindow[] => {
  const replicated = /^(Replicated|Shared)/.test(table.engine)
  const blocks = replicated
    ? 'replicated_deduplication_window'
    : 'non_replicated_deduplication_window'
  const check = (name: string, min: number, wanted: number): readonly SmallWindow[] => {
    const value = Number(table.settings[name] ?? existing.defaults[name] ?? 0)
    if (value >= min) return []
    return [
      {
        reason: `${name} of ${table.name} is ${value}, must be at least ${min}: repeated INSERTs would double rows`,
        statement: `ALTER TABLE ${qualify(database, table.name)}${onCluster} MODIFY SETTING ${name} = ${wanted}`,
      },
    ]
  }
  return [
    ...check(blocks, settings.deduplicationWindow, settings.deduplicationWindow),
    ...(replicated
      ? check('replicated_deduplication_window_seconds', windowSecondsMin, replicatedWindowSeconds)
      : []),
  ]
}

/** What is wrong with the materialized views a table feeds: unseen, or writing where repeated INSERTs would double rows. */
export const viewProblemsOf = (
  table: ExistingTable,
  existing: Existing,
  settings: Pick<ClickHouseSettings, 'deduplicationWindow'>,
  onCluster: string,
): readonly string[] =>
  table.feeds.flatMap(([database, name]) => {
    const view = existing.tables.get(tableKey(database, name))
    const target = view?.writesTo
    const written = target && existing.tables.get(tableKey(...target))
    if (!written)
      return [
        `the materialized view ${database}.${name} reads ${table.name}, but where it writes cannot be seen; ` +
          `run GRANT SHOW TABLES ON ${target?.[0] ?? database}.* TO the user`,
      ]
    if (!/MergeTree$/.test(written.engine)) return []
    return smallWindowsOf(written, target[0], existing, settings, onCluster).map(
      ({ reason, statement }) => `${reason} (through ${database}.${name}); run ${statement}`,
    )
  })
