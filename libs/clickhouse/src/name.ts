import { Fault } from '@silversmith/core'
import type { Dataset, Route, Table } from '@silversmith/core'
import { reloadsTable } from '@silversmith/core'
import type { ClickHouseSettings } from './settings.ts'

export const quoteName = (name: string): string =>
  `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

export const quoteText = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** `` `database`.`name` `` */
export const qualify = (database: string, name: string): string =>
  `${quoteName(database)}.${quoteName(name)}`

/** The pipeline's tables and `_reloads`, each once. */
export const withReloads = (tables: readonly Table[]): readonly Table[] => [
  ...tables.filter(({ name }) => name !== reloadsTable.name),
  reloadsTable,
]

/**
 * Tables that chunks of a pipeline may be of: those of all datasets, for what was sealed outlives its route. With
 * CLICKHOUSE_TABLE, which renames the one table of a pipeline, those of its routes.
 */
export const tablesOf = (
  datasets: readonly Pick<Dataset, 'name' | 'tables'>[],
  routes: readonly Route[],
  settings: Pick<ClickHouseSettings, 'table'>,
): readonly Table[] =>
  datasets
    .filter(({ name }) => !settings.table || routes.some(({ dataset }) => dataset === name))
    .flatMap(({ tables }) => tables)

/**
 * Table name of the datasets → name in ClickHouse. They are the same, except that `settings.table` renames the table when
 * the pipeline writes one, not counting those beside it; with several, nobody could say which is meant.
 *
 * Throws SETTINGS_INVALID.
 */
export const namesOf = (
  tables: readonly Table[],
  settings: Pick<ClickHouseSettings, 'table'>,
): ReadonlyMap<string, string> => {
  const own = tables.filter(({ name }) => name !== reloadsTable.name)
  const main = own.filter(({ beside }) => beside === undefined).map(({ name }) => name)
  if (settings.table && main.length > 1)
    throw new Fault(
      'SETTINGS_INVALID',
      `CLICKHOUSE_TABLE renames the table of a pipeline that writes one, but this one writes ${main.length} (${main.join(', ')}). ` +
        'Unset it, or give each dataset its own pipeline.',
    )
  if (settings.table && own.some(({ name, beside }) => beside && name === settings.table))
    throw new Fault(
      'SETTINGS_INVALID',
      `CLICKHOUSE_TABLE is ${settings.table}, the name of another table of the pipeline; choose another.`,
    )
  return new Map([
    ...own.map(({ name, beside }): [string, string] => [
      name,
      beside === undefined ? (settings.table ?? name) : name,
    ]),
    [reloadsTable.name, reloadsTable.name],
  ])
}
