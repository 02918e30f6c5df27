import { type Clock, Fault, type Manifest, type ManifestRef, type Store } from '@silversmith/core'
import { dayOf, hashOf, isManifestKey, manifestPrefix, parseManifest } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'

interface WalkDeps {
  readonly store: Store
  readonly clock: Clock
}

const dayMs = 86_400_000
const dayAt = `${manifestPrefix}dt=`.length

/** Id of the batch whose manifest has that key. */
export const batchOfManifest = (key: string): string =>
  key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '')

/**
 * Keys of all manifests from that day on, by day and then by batch; `backward` turns both about. Begins behind `after`. Holds
 * the keys of one day.
 */
export const walkManifests = async function* (
  { store, clock }: WalkDeps,
  {
    from,
    after,
    backward = false,
  }: {
    readonly from: string | undefined
    readonly after: string | undefined
    readonly backward?: boolean
  },
  call: Call,
): AsyncGenerator<string> {
  const first = Date.parse(from ?? (await firstDay(store, call)) ?? '')
  // A day more, for manifests of a clock ahead of ours.
  const last = Date.parse(dayOf(clock.now() + dayMs))
  const start = after === undefined ? (backward ? last : first) : Date.parse(dayIn(after))
  for (let at = start; at >= first && at <= last; at += backward ? -dayMs : dayMs) {
    const keys: string[] = []
    for await (const key of store.list(`${manifestPrefix}dt=${dayOf(at)}/`, call.signal))
      if (isManifestKey(key) && (after === undefined || (backward ? key < after : key > after)))
        keys.push(key)
    yield* backward ? keys.reverse() : keys
  }
}

const dayIn = (key: string): string => key.slice(dayAt, dayAt + 10)

const firstDay = async (store: Store, { signal }: Call): Promise<string | undefined> => {
  for await (const key of store.list(manifestPrefix, signal))
    if (isManifestKey(key)) return dayIn(key)
  return undefined
}

/**
 * A manifest no ledger item names. Its bytes are checked against the hash its writer gave it; a copy that was put back has lost
 * that, and is taken for what it says when it is whole and its key is its own. A PUT leaves no half of a file.
 */
export const readUnnamed = async (
  { store, clock }: WalkDeps,
  key: string,
  call: Call,
): Promise<{ readonly manifest: Manifest; readonly ref: ManifestRef }> => {
  const found = await persist(clock, call, () => store.look(key, call.signal))
  const bytes = await persist(clock, call, () => store.read(key, found?.sha256, call.signal))
  const manifest = parseManifest(key, bytes)
  if (found?.sha256 === undefined && !isOwnKey(key, manifest))
    throw new Fault('OBJECT_UNREADABLE', `${key} holds another manifest than its name says`)
  const rows = manifest.chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  return { manifest, ref: { key, sha256: hashOf(bytes), chunks: manifest.chunks.length, rows } }
}

const isOwnKey = (key: string, manifest: Partial<Manifest>): boolean =>
  manifest.batch === batchOfManifest(key) &&
  typeof manifest.createdAt === 'number' &&
  dayOf(manifest.createdAt) === dayIn(key) &&
  [manifest.sources, manifest.chunks, manifest.quarantine, manifest.targets].every(Array.isArray)
