import { reloadsTable } from '@silversmith/core'
import type { Engine, StoredRow } from '../memory/engine.ts'
import type { MemoryFile } from '../memory/memory-store.ts'

const contentOf = (table: string, row: StoredRow): string => {
  switch (table) {
    case 'notes': {
      const size = row['size']
      return size === undefined ? String(row['id']) : `${row['id']} of size ${size}`
    }
    case 'marks':
      return String(row['mark'])
    default:
      return String(row['table_name'])
  }
}

/** One row in one line: whose it is, which, and what identifies its content. */
export const rowLine =
  (table: string) =>
  (row: StoredRow): string => {
    const name = `${row['_source']} ${row['_version']} generation ${row['_generation']}`
    const place = `${row['_record']}/${row['_part']} line ${row['_line']}`
    return `${name} ${place} ${table} ${contentOf(table, row)}`
  }

/** Rows of all silver files. */
export const readSilver = async (
  files: ReadonlyMap<string, MemoryFile>,
  decode: (bytes: Uint8Array) => Promise<readonly StoredRow[]>,
  violate: (text: string) => void,
): Promise<readonly string[]> => {
  const rows: string[] = []
  for (const [key, { bytes }] of files) {
    const [, table, day] = /^silver\/([^/]+)\/dt=([^/]+)\//.exec(key) ?? []
    if (table === undefined || day === undefined) continue
    for (const row of await decode(bytes)) {
      rows.push(rowLine(table)(row))
      const time = row['time']
      if (typeof time === 'number' && !new Date(time / 1000).toISOString().startsWith(day))
        violate(`${key} holds a row of another day`)
    }
  }
  return rows
}

/** Records of all quarantine files. */
export const readQuarantine = (files: ReadonlyMap<string, MemoryFile>): readonly string[] =>
  [...files]
    .filter(([key]) => key.startsWith('quarantine/'))
    .flatMap(([, { bytes }]) => new TextDecoder().decode(bytes).split('\n'))
    .filter((line) => line !== '')
    .map((line) => {
      const { source, version, record, reason } = JSON.parse(line) as Record<string, unknown>
      return `${source} ${version} ${record} ${reason}`
    })

/** What the views show: of each object version the newest generation entered in `_reloads`, or 0 where there is no entry. */
export const shownRows = (engine: Engine): readonly string[] => {
  const newest = new Map<string, number>()
  const nameOf = (table: unknown, row: StoredRow): string =>
    `${String(table)} ${row['_source']} ${row['_version']}`
  for (const row of engine.rows(reloadsTable.name)) {
    const name = nameOf(row['table_name'], row)
    newest.set(name, Math.max(newest.get(name) ?? 0, Number(row['_generation'])))
  }
  return engine
    .tables()
    .filter((table) => table !== reloadsTable.name)
    .flatMap((table) =>
      engine
        .rows(table)
        .filter((row) => row['_generation'] === (newest.get(nameOf(table, row)) ?? 0))
        .map(rowLine(table)),
    )
}

/** As multisets. */
export const compare = (
  place: string,
  expected: readonly string[],
  found: readonly string[],
  violate: (text: string) => void,
): void => {
  const open = new Map<string, number>()
  for (const line of expected) open.set(line, (open.get(line) ?? 0) + 1)
  for (const line of found) open.set(line, (open.get(line) ?? 0) - 1)
  for (const [line, count] of open) {
    if (count > 0) violate(`${place} lost ${line}`)
    if (count < 0) violate(`${place} has ${-count} too many of ${line}`)
  }
}
