import { objectUri } from '@silversmith/core'
import type { Engine, StoredRow } from '../memory/engine.ts'
import type { History } from './history.ts'
import { mappings } from './note-dataset.ts'
import { rowLine } from './target-content.ts'

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted())

/**
 * The views turn to these entries' generations now, of each source and table at once: all rows of it must be there, of one
 * release, or readers would see neither what was nor what is.
 */
export const judgeTurn = (
  { all }: History,
  engine: Engine,
  entries: readonly StoredRow[],
  violate: (text: string) => void,
): void => {
  for (const entry of entries) {
    const [table, generation] = [String(entry['table_name']), entry['_generation']]
    const version = all().find(
      ({ object }) =>
        objectUri(object) === entry['_source'] && object.version === entry['_version'],
    )
    const name = `${entry['_source']} ${entry['_version']} generation ${generation}`
    if (!version) return violate(`the view of ${table} turns to unheard-of ${name}`)
    const rows = engine
      .rows(table)
      .filter(
        (row) =>
          row['_source'] === entry['_source'] &&
          row['_version'] === entry['_version'] &&
          row['_generation'] === generation,
      )
      .map(rowLine(table))
    const whole = mappings.map((mapping) =>
      version.expected[mapping].rows
        .filter((row) => row.split(' ')[3] === table)
        .map((row) => `${name} ${row}`),
    )
    if (!whole.some((expected) => isSame(expected, rows)))
      violate(`the view of ${table} turns to ${name} with ${rows.length} rows, which is not whole`)
  }
}
