import { reloadsTable } from '@silversmith/core'
import type { Engine, StoredRow } from './engine.ts'

const text = (value: unknown): string => String(value)

/** As the views order versions: by the time of the object, then by its sequencer, then by their names. */
const isNewer = (one: StoredRow, other: StoredRow): boolean => {
  const [a, b] = [Number(one['_object_time']), Number(other['_object_time'])]
  if (a !== b) return a > b
  const differing = ['sequencer', '_version'].find((name) => text(one[name]) !== text(other[name]))
  return differing !== undefined && text(one[differing]) > text(other[differing])
}

/** What `<table>_current` shows: a second opinion, row by row, on the SQL of the views. */
export const currentRows = (engine: Engine, table: string): readonly StoredRow[] => {
  const entries = engine.rows(reloadsTable.name).filter((row) => row['table_name'] === table)
  const newest = new Map<string, number>()
  const standing = new Map<string, StoredRow>()
  for (const entry of entries) {
    const [source, version] = [text(entry['_source']), text(entry['_version'])]
    const name = `${source} ${version}`
    newest.set(name, Math.max(newest.get(name) ?? 0, Number(entry['_generation'])))
    if (entry['supersedes'] !== true) continue
    const known = standing.get(source)
    if (!known || isNewer(entry, known)) standing.set(source, entry)
  }
  return engine.rows(table).filter((row) => {
    const [source, version] = [text(row['_source']), text(row['_version'])]
    const generation = newest.get(`${source} ${version}`) ?? 0
    const only = standing.get(source)
    return Number(row['_generation']) === generation && (!only || only['_version'] === version)
  })
}
