import { rowIdentity } from '@silversmith/core'
import { onCluster } from './ddl.ts'
import { qualify, quoteName } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

/**
 * Who asks ClickHouse, and for what.
 * - `writer`, of transform: rows in, the existence check, and what preflight reads.
 * - `inspector`, of bulk: what reconcile counts, no column of any dataset.
 * - `operator`, of a person who repairs: deletes and fills chunks, and reads whole rows to make silver files anew.
 */
export type Role = 'writer' | 'inspector' | 'operator'

const columnsFor: Readonly<Record<Role, readonly string[] | undefined>> = {
  writer: ['_chunk', 'timestamp'],
  inspector: ['_chunk', 'timestamp', ...rowIdentity],
  operator: undefined,
}

const changesFor: Readonly<Record<Role, string | undefined>> = {
  writer: 'INSERT',
  inspector: undefined,
  operator: 'INSERT, ALTER DELETE',
}

/** All that the role needs, and nothing else, so that a leaked password reads no data. */
export const grantsFor = (
  role: Role,
  user: string,
  settings: ClickHouseSettings,
  names: readonly string[],
): readonly string[] => {
  const grant = (what: string): string =>
    `GRANT${onCluster(settings)} ${what} TO ${quoteName(user)}`
  const columns = columnsFor[role]
  const select = columns ? `SELECT(${columns.join(', ')})` : 'SELECT'
  const changes = changesFor[role]
  const tables = names.map((name) => qualify(settings.database, name))
  return [
    ...tables.flatMap((table) => [
      ...(changes ? [grant(`${changes} ON ${table}`)] : []),
      grant(`${select} ON ${table}`),
    ]),
    ...(changes ? [grant(`SHOW TABLES, SHOW COLUMNS ON ${quoteName(settings.database)}.*`)] : []),
    ...(changes ? ['tables', 'columns', 'settings', 'merge_tree_settings', 'disks'] : []).map(
      (system) => grant(`SELECT ON system.${system}`),
    ),
  ]
}
