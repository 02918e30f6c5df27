import { type Clock, Fault, type Manifest, type ManifestRef, type Store } from '@silversmith/core'
import { dayOf, isManifestKey, manifestPrefix, readManifest } from '../manifest.ts'
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

/** A manifest no ledger item names: its hash is what its writer said, its bytes are checked against that. */
export const readUnnamed = async (
  { store, clock }: WalkDeps,
  key: string,
  call: Call,
): Promise<{ readonly manifest: Manifest; readonly ref: ManifestRef }> => {
  const found = await persist(clock, call, () => store.look(key, call.signal))
  if (found?.sha256 === undefined)
    throw new Fault('OBJECT_UNREADABLE', `${key} is without the hash its writer gave it`)
  const named = { key, sha256: found.sha256, chunks: 0, rows: 0 }
  const manifest = await persist(clock, call, () => readManifest(store, named, call.signal))
  const rows = manifest.chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  return { manifest, ref: { ...named, chunks: manifest.chunks.length, rows } }
}
