import { createHash } from 'node:crypto'
import { columnsOf, reloadsTable } from '@silversmith/core'
import type { Table } from '@silversmith/core'
import { onCluster } from './ddl.ts'
import { qualify, quoteText } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface View {
  readonly name: string
  readonly statement: string
  /** The description and a mark of the definition: ClickHouse rewrites a SELECT, so its text cannot be compared. */
  readonly comment: string
}

/** `<table>_current`: the rows to read once anything was reloaded or superseded. */
export const currentViewName = (name: string): string => `${name}_current`

export const viewsOf = (
  table: Table,
  settings: ClickHouseSettings,
  name: string,
): readonly View[] => {
  if (table.name === reloadsTable.name) return []
  const current = viewOf(
    settings,
    currentViewName(name),
    `Rows of ${name} that count: of each object version its newest generation, and of superseded objects the newest version`,
    selectCurrent(table, settings, qualify(settings.database, name)),
    // ClickHouse reads the star once, when the view is made: another list of columns is another view.
    columnsOf(table).map((column) => column.name),
  )
  // A dataset's views are made for its users, who expect the rows that count.
  const source = qualify(settings.database, current.name)
  const own = table.views.map((view) =>
    viewOf(settings, view.name, view.description, view.select.replaceAll('{table}', source)),
  )
  return [current, ...own]
}

const viewOf = (
  settings: ClickHouseSettings,
  name: string,
  description: string,
  select: string,
  columns: readonly string[] = [],
): View => {
  const mark = createHash('sha256')
    .update([select, ...columns].join('\n'))
    .digest('hex')
    .slice(0, 12)
  const comment = `${description} [definition ${mark}]`
  return {
    name,
    comment,
    statement:
      `CREATE OR REPLACE VIEW ${qualify(settings.database, name)}${onCluster(settings)} AS\n` +
      `${select}\nCOMMENT ${quoteText(comment)}`,
  }
}

/**
 * Object versions without an entry show generation 0, those with one the newest generation entered: a reload is seen when
 * its entry lands, after all its rows. An object with a superseding entry shows only the version of the newest.
 */
const selectCurrent = (table: Table, settings: ClickHouseSettings, source: string): string => {
  const reloads = qualify(settings.database, reloadsTable.name)
  const entries = `FROM ${reloads} WHERE table_name = ${quoteText(table.name)}`
  return [
    'SELECT *',
    `FROM ${source}`,
    'WHERE if(',
    `  (_source, _version) IN (SELECT _source, _version ${entries}),`,
    `  (_source, _version, _generation) IN (SELECT _source, _version, max(_generation) ${entries} GROUP BY _source, _version),`,
    '  _generation = 0',
    ')',
    'AND (',
    `  _source NOT IN (SELECT _source ${entries} AND supersedes)`,
    `  OR (_source, _version) IN (SELECT _source, argMax(_version, (_object_time, sequencer, _version)) ${entries} AND supersedes GROUP BY _source)`,
    ')',
  ].join('\n')
}
