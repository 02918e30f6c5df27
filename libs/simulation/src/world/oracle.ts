import type { Batch, Manifest, ManifestSource } from '@silversmith/core'
import { objectUri } from '@silversmith/core'
import type { Engine, StoredRow } from '../memory/engine.ts'
import type { History, Version } from './history.ts'
import { isHeldNow, wasGoneIn } from './history.ts'
import type { MemoryLedger } from '../memory/memory-ledger.ts'
import type { MemoryFile } from '../memory/memory-store.ts'
import { sha256Of } from '../memory/memory-store.ts'
import { noteDataset } from './note-dataset.ts'
import type { Watch } from './watch.ts'

export interface Remains {
  readonly history: History
  readonly ledger: MemoryLedger
  readonly engine: Engine
  readonly files: ReadonlyMap<string, MemoryFile>
  readonly watch: Watch
  readonly decode: (bytes: Uint8Array) => Promise<readonly StoredRow[]>
  readonly violate: (text: string) => void
}

interface Listing {
  readonly batch: string
  readonly source: ManifestSource
}

/** Silences that may condemn a source which kills nobody: the protocol cannot tell it from one that does. */
const condemningSilences = 3

/** Looks at a world that has come to rest, and says all that is wrong with it. Compares identities, never counts alone. */
export const judgeWorld = async (remains: Remains): Promise<void> => {
  const { history, engine, files, violate } = remains
  const listings = listCommitted(remains)
  const expectedRows: string[] = []
  const expectedRejections: string[] = []
  for (const version of history.all()) {
    const { expected, object } = version
    const name = `${objectUri(object)} ${object.version}`
    for (const generation of judgeVersion(remains, version, listings.get(version.id) ?? [])) {
      expectedRows.push(...expected.rows.map((row) => `${name} generation ${generation} ${row}`))
      if (generation > 0)
        noteDataset.tables.forEach((table, part) =>
          expectedRows.push(
            `${name} generation ${generation} 0/${part} line null _reloads ${table.name}`,
          ),
        )
      expectedRejections.push(...expected.rejections.map((rejection) => `${name} ${rejection}`))
    }
  }
  const known = new Set(history.all().map(({ id }) => id))
  for (const id of listings.keys()) if (!known.has(id)) violate(`unheard-of source ${id} listed`)
  const inClickHouse = engine
    .tables()
    .flatMap((table) => [...engine.rows(table)].map(rowLine(table)))
  compare('clickhouse', expectedRows, inClickHouse, violate)
  compare('silver', expectedRows, await readSilver(remains), violate)
  compare('quarantine', expectedRejections, readQuarantine(files), violate)
}

const listCommitted = ({ ledger, files, violate }: Remains): Map<string, Listing[]> => {
  const listings = new Map<string, Listing[]>()
  const batches = ledger
    .items()
    .map(({ item }) => item)
    .filter((item): item is Batch => item.kind === 'batch' && item.state === 'C')
  for (const { id, manifest: ref } of batches) {
    const file = ref && files.get(ref.key)
    if (!file || sha256Of(file.bytes) !== ref.sha256) {
      violate(`manifest of committed batch ${id} is lost or changed`)
      continue
    }
    const manifest = JSON.parse(new TextDecoder().decode(file.bytes)) as Manifest
    for (const source of manifest.sources)
      listings.set(source.id, [...(listings.get(source.id) ?? []), { batch: id, source }])
  }
  return listings
}

/** Listed so, a source may be listed again: nothing of it is anywhere. */
const traceless: ReadonlySet<string> = new Set(['unrouted', 'too-large', 'unreadable'])

/** The generations in which the version's rows and rejections must be there; nothing else of it may be. */
const judgeVersion = (
  { watch, violate }: Remains,
  version: Version,
  listings: readonly Listing[],
): readonly number[] => {
  const name = `${version.object.key} ${version.object.version}`
  for (const { batch, source } of listings) {
    if (source.disposition !== 'gone') continue
    const [begunAt, sealedAt] = [watch.begunAt.get(batch), watch.sealedAt.get(batch)]
    if (begunAt === undefined || sealedAt === undefined || !wasGoneIn(version, begunAt, sealedAt))
      violate(`${name} is called gone by ${batch}, but it was there all the time`)
  }
  const taken = listings.filter(({ source }) => source.disposition !== 'gone')
  if (taken.length === 0) {
    if (isHeldNow(version)) violate(`${name} is there and in no batch`)
    else if (version.isTold && listings.length === 0) violate(`${name} was told of and forgotten`)
  }
  if (!listings.some(({ source }) => source.generation === version.generation))
    if (version.generation > 0)
      violate(`${name} was never loaded again as generation ${version.generation}`)
  const generations = new Set<number>()
  const loaded: number[] = []
  for (const { batch, source } of taken) {
    const { generation, disposition } = source
    const leavesTraces = !traceless.has(disposition)
    if (leavesTraces && generations.has(generation))
      violate(
        `${name} is in ${batch} (${disposition}) and another batch of generation ${generation}`,
      )
    if (leavesTraces) generations.add(generation)
    if (judgeTaken(version, name, source, violate)) loaded.push(generation)
  }
  return loaded
}

const judgeTaken = (
  version: Version,
  name: string,
  source: ManifestSource,
  violate: (text: string) => void,
): boolean => {
  const { expected, isPoison, isRouted, silences } = version
  const { disposition } = source
  if (disposition === 'poison') {
    if (!isPoison && silences < condemningSilences)
      violate(`${name} was condemned as poison after ${silences} silences`)
    return false
  }
  // What shows before the first byte is read spares the reader.
  const isSpared = expected.disposition === 'too-large' || expected.disposition === 'unreadable'
  const right = !isRouted ? 'unrouted' : isPoison && !isSpared ? 'poison' : expected.disposition
  if (disposition !== right) violate(`${name} is called ${disposition}, it is ${right}`)
  const { records, rows, rejected, discarded } = source
  const counted = JSON.stringify({ records, rows, rejected, discarded })
  const loads = right === 'rows' || right === 'empty'
  const actual = JSON.stringify({
    records: loads ? expected.records : 0,
    rows: loads ? expected.accepted : 0,
    rejected: loads ? expected.rejections.length : 0,
    discarded: loads ? expected.discarded : 0,
  })
  if (counted !== actual) violate(`${name} is counted ${counted}, it is ${actual}`)
  return loads
}

const contentColumns: Readonly<Record<string, string>> = {
  notes: 'id',
  marks: 'mark',
  _reloads: 'table_name',
}

const rowLine =
  (table: string) =>
  (row: StoredRow): string => {
    const name = `${row['_source']} ${row['_version']} generation ${row['_generation']}`
    const content = String(row[contentColumns[table] ?? ''])
    return `${name} ${row['_record']}/${row['_part']} line ${row['_line']} ${table} ${content}`
  }

const readSilver = async ({ files, decode, violate }: Remains) => {
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

const readQuarantine = (files: ReadonlyMap<string, MemoryFile>): readonly string[] =>
  [...files]
    .filter(([key]) => key.startsWith('quarantine/'))
    .flatMap(([, { bytes }]) => new TextDecoder().decode(bytes).split('\n'))
    .filter((line) => line !== '')
    .map((line) => {
      const { source, version, record, reason } = JSON.parse(line) as Record<string, unknown>
      return `${source} ${version} ${record} ${reason}`
    })

const compare = (
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
