import type { Batch, Manifest, ManifestSource } from '@silversmith/core'
import type { Life } from './ledger-life.ts'
import { namesOf, type RepairRoom } from './repair-room.ts'

const traceless: ReadonlySet<string> = new Set(['gone', 'unrouted', 'too-large', 'unreadable'])

/** `<source id> g<generation>` of all that counts as loaded by a batch the ledger holds as sealed. */
export const sealedIn = (room: RepairRoom): readonly string[] => listingsOf(room).map(nameOfSource)

/** Of these, what has records in a target or in quarantine; once each. An empty source may be listed twice without harm. */
export const filledIn = (room: RepairRoom): readonly string[] =>
  listingsOf(room)
    .filter(({ rows, rejected }) => rows + rejected > 0)
    .map(nameOfSource)

const nameOfSource = ({ id, generation }: ManifestSource): string => `${id} g${generation}`

const listingsOf = (room: RepairRoom): readonly ManifestSource[] => {
  const sealed = new Set(
    room
      .items<Batch>('batch')
      .filter(({ state }) => state === 'S' || state === 'C')
      .map(({ id }) => id),
  )
  const manifests: readonly Manifest[] = room.manifests().filter(({ batch }) => sealed.has(batch))
  return manifests.flatMap(({ sources }) =>
    sources.filter(({ disposition }) => !traceless.has(disposition)),
  )
}

interface Expected {
  readonly rows: string[]
  readonly rejected: string[]
}

/** What must be everywhere, by what sealed batches list, read by a parser of its own. */
const expectedOf = ({ room, bodies }: Life): Expected => {
  const expected: Expected = { rows: [], rejected: [] }
  for (const { object, generation } of listingsOf(room)) {
    const place = `s3://b/${object.key} ${object.version}`
    if (generation > 0) expected.rows.push(`${place} g${generation} 0/0 notes`)
    const lines = bodies.get(object.key)!.split('\n')
    for (const [record, line] of lines.entries()) {
      if (line === 'oops') expected.rejected.push(`${place} ${record}`)
      if (line === '' || line === 'oops' || line.includes('skip')) continue
      const { id } = JSON.parse(line) as { id: string }
      expected.rows.push(`${place} g${generation} ${record}/0 ${id}`)
    }
  }
  return { rows: expected.rows.toSorted(), rejected: expected.rejected.toSorted() }
}

/** Rows in each place, beside those that must be there. */
export const compare = async (life: Life) => {
  const { room } = life
  const { rows, rejected } = expectedOf(life)
  const found = room
    .rejected()
    .map((row) => `${String(row['source'])} ${String(row['version'])} ${String(row['record'])}`)
  return {
    found: {
      clickhouse: namesOf(room.clickhouse()),
      silver: namesOf(await room.silver()),
      quarantine: found.toSorted(),
    },
    expected: { clickhouse: rows, silver: rows, quarantine: rejected },
  }
}
