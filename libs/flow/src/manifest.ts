import { createHash } from 'node:crypto'
import { Fault, type Manifest, type ManifestRef, type Store } from '@silversmith/core'

/** Lower-hex SHA-256. */
export const hashOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/** `YYYY-MM-DD` of an epoch in ms, UTC. */
export const dayOf = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 10)

/** Where all manifests are, by day of their batch. */
export const manifestPrefix = '_batches/'

export const manifestKeyOf = ({
  batch,
  createdAt,
}: Pick<Manifest, 'batch' | 'createdAt'>): string =>
  `${manifestPrefix}dt=${dayOf(createdAt)}/${batch}.json`

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Characters of a ULID that are its time. */
const timeLength = 10
const ulidLength = 26

/** When a batch was opened, by its ULID, epoch ms; undefined: that is no ULID. https://github.com/ulid/spec */
export const openedAt = (batch: string): number | undefined => {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(batch)) return undefined
  let ms = 0
  for (const letter of batch.slice(0, timeLength)) ms = ms * 32 + crockford.indexOf(letter)
  return ms
}

/** The first id a batch opened then may have: 16 zeros stand for what is random in it. */
export const firstBatchAt = (epochMs: number): string => {
  let time = ''
  for (let ms = epochMs; time.length < timeLength; ms = Math.floor(ms / 32))
    time = `${crockford[ms % 32] ?? ''}${time}`
  return time.padEnd(ulidLength, '0')
}

/** Others may put files there, too: consoles and tools mark folders with an empty one. */
export const isManifestKey = (key: string): boolean =>
  /^_batches\/dt=\d{4}-\d\d-\d\d\/[^/]+\.json$/.test(key)

/** Everything a batch stages is below this; gone after the commit. */
export const stagingPrefixOf = (batch: string): string => `${stagingPrefix}${batch}/`
export const stagingPrefix = '_staging/'

/** Writes the manifest of a batch, once and for ever. Throws what Store.write throws. */
export const writeManifest = async (
  store: Store,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ManifestRef> => {
  const bytes = Buffer.from(JSON.stringify(manifest))
  const sha256 = hashOf(bytes)
  const key = manifestKeyOf(manifest)
  await store.write(key, bytes, { sha256, contentType: 'application/json' }, signal)
  const rows = manifest.chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  return { key, sha256, chunks: manifest.chunks.length, rows }
}

/** Reads a sealed batch's manifest back; the seal's hash says whether it is the one that was sealed. */
export const readManifest = async (
  store: Store,
  ref: ManifestRef,
  signal: AbortSignal,
): Promise<Manifest> => {
  return parseManifest(ref.key, await store.read(ref.key, ref.sha256, signal))
}

/** @throws Fault OBJECT_UNREADABLE for bytes that are no JSON object, STORE_CONFLICT for a manifest of another version. */
export const parseManifest = (key: string, bytes: Uint8Array): Manifest => {
  const manifest = parseObject(Buffer.from(bytes).toString()) as Manifest | undefined
  if (!manifest) throw new Fault('OBJECT_UNREADABLE', `${key} is no manifest`)
  if (manifest.version !== 1) {
    throw new Fault(
      'STORE_CONFLICT',
      `${key} has manifest version ${String(manifest.version)}; this release reads version 1: deploy the newer one`,
    )
  }
  return manifest
}

const parseObject = (text: string): object | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined
  } catch {
    return undefined
  }
}
