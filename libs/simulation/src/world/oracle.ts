import type { Batch, Manifest, ManifestSource } from '@silversmith/core'
import { objectUri, reloadsTable } from '@silversmith/core'
import type { Engine, StoredRow } from '../memory/engine.ts'
import type { History, Version } from './history.ts'
import { isHeldNow, wasGoneIn } from './history.ts'
import type { MemoryLedger } from '../memory/memory-ledger.ts'
import type { MemoryFile } from '../memory/memory-store.ts'
import { sha256Of } from '../memory/memory-store.ts'
import type { Mapping } from './note-dataset.ts'
import { mappings, noteDataset } from './note-dataset.ts'
import type { Expected } from './reference.ts'
import { compare, readQuarantine, readSilver, rowLine, shownRows } from './target-content.ts'
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

/** What a sealed batch made of a version, where that is rows and rejections. */
interface Loaded {
  readonly generation: number
  readonly expected: Expected
}

/** Silences that may condemn a source which kills nobody: the protocol cannot tell it from one that does. */
const condemningSilences = 3

/** Looks at a world that has come to rest, and says all that is wrong with it. Compares identities, never counts alone. */
export const judgeWorld = async (remains: Remains): Promise<void> => {
  const { history, engine, files, violate, decode } = remains
  const listings = listCommitted(remains)
  const releases = listReleases(engine)
  const rows: string[] = []
  const shown: string[] = []
  const rejections: string[] = []
  for (const version of history.all()) {
    const name = nameOf(version)
    const loads = judgeVersion(remains, version, listings.get(version.id) ?? [], releases)
    const newest = Math.max(...loads.map(({ generation }) => generation))
    for (const { generation, expected } of loads) {
      const own = expected.rows.map((row) => `${name} generation ${generation} ${row}`)
      rows.push(...own)
      if (generation === newest) shown.push(...own)
      if (generation > 0)
        noteDataset.tables.forEach((table, part) =>
          rows.push(`${name} generation ${generation} 0/${part} line null _reloads ${table.name}`),
        )
      rejections.push(...expected.rejections.map((rejection) => `${name} ${rejection}`))
    }
  }
  const known = new Set(history.all().map(({ id }) => id))
  for (const id of listings.keys()) if (!known.has(id)) violate(`unheard-of source ${id} listed`)
  const tables = engine.tables()
  const appended = tables.flatMap((table) => engine.appended(table).map(rowLine(table)))
  compare('clickhouse', rows, appended, violate)
  compare('silver', rows, await readSilver(files, decode, violate), violate)
  compare('quarantine', rejections, readQuarantine(files), violate)
  for (const table of tables) engine.merge(table)
  compare('the view', shown, shownRows(engine), violate)
}

const nameOf = ({ object }: Version): string => `${objectUri(object)} ${object.version}`

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

/** `<source> <version> generation <n>` → the releases whose rows are there. */
const listReleases = (engine: Engine): ReadonlyMap<string, ReadonlySet<unknown>> => {
  const releases = new Map<string, Set<unknown>>()
  for (const table of engine.tables()) {
    if (table === reloadsTable.name) continue
    for (const row of engine.appended(table)) {
      const name = `${row['_source']} ${row['_version']} generation ${row['_generation']}`
      releases.set(name, (releases.get(name) ?? new Set()).add(row['_dataset_version']))
    }
  }
  return releases
}

/** Listed so, a source may be listed again: nothing of it is anywhere. */
const traceless: ReadonlySet<string> = new Set(['unrouted', 'too-large', 'unreadable'])

/** The generations in which the version's rows and rejections must be there; nothing else of it may be. */
const judgeVersion = (
  { watch, violate }: Remains,
  version: Version,
  listings: readonly Listing[],
  releases: ReadonlyMap<string, ReadonlySet<unknown>>,
): readonly Loaded[] => {
  const name = nameOf(version)
  for (const { batch, source } of listings) {
    if (source.disposition !== 'gone') continue
    const [begunAt, sealedAt] = [watch.begunAt.get(batch), watch.sealedAt.get(batch)]
    if (begunAt === undefined || sealedAt === undefined || !wasGoneIn(version, begunAt, sealedAt))
      violate(`${name} is called gone by ${batch}, but it was there all the time`)
  }
  const taken = listings.filter(({ source }) => source.disposition !== 'gone')
  if (taken.length === 0) {
    if (isHeldNow(version) && version.isRouted) violate(`${name} is there and in no batch`)
    else if (version.isTold && listings.length === 0) violate(`${name} was told of and forgotten`)
  }
  if (!listings.some(({ source }) => source.generation === version.generation))
    if (version.generation > 0)
      violate(`${name} was never loaded again as generation ${version.generation}`)
  const generations = new Set<number>()
  const loaded: Loaded[] = []
  for (const { batch, source } of taken) {
    const { generation, disposition } = source
    const leavesTraces = !traceless.has(disposition)
    if (leavesTraces && generations.has(generation))
      violate(
        `${name} is in ${batch} (${disposition}) and another batch of generation ${generation}`,
      )
    if (leavesTraces) generations.add(generation)
    const found = releases.get(`${name} generation ${generation}`) ?? new Set()
    if (found.size > 1) violate(`${name} has rows of several releases in generation ${generation}`)
    const expected = expectedOf(version, source, found)
    if (judgeTaken(version, name, source, expected, violate)) loaded.push({ generation, expected })
  }
  return loaded
}

/** By the release whose rows are there; where there are none, by the release that would have counted so. */
const expectedOf = (
  { expected }: Version,
  source: ManifestSource,
  found: ReadonlySet<unknown>,
): Expected => {
  const fits = (mapping: Mapping): boolean =>
    expected[mapping].accepted === source.rows &&
    expected[mapping].rejections.length === source.rejected
  const mapping = mappings.find((one) => found.has(one)) ?? mappings.find(fits) ?? mappings[0]
  return expected[mapping]
}

const judgeTaken = (
  { isPoison, isMessage, isRouted, silences }: Version,
  name: string,
  source: ManifestSource,
  expected: Expected,
  violate: (text: string) => void,
): boolean => {
  const { disposition } = source
  if (disposition === 'poison') {
    if (isMessage) violate(`${name} was condemned, and with it its only bytes`)
    if (!isPoison && silences < condemningSilences)
      violate(`${name} was condemned as poison after ${silences} silences`)
    return false
  }
  const right = !isRouted ? 'unrouted' : expected.disposition
  // What shows before the first byte is read spares the reader.
  const isSpared = right === 'unrouted' || right === 'too-large' || right === 'unreadable'
  if (isPoison && !isSpared) violate(`${name} is called ${disposition}, it is poison`)
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
