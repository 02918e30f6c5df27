import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '@silversmith/core'
import type { Package } from './packages.ts'

/** What `UpdateFunctionCode` takes with the request itself; more must come from S3. */
export const directBytesMax = 50 * 1024 ** 2

export interface Place {
  readonly bucket: string
  readonly key: string
}

/** A package, and where Lambda is to take it from; null: it goes with the request. */
export interface PlacedPackage extends Package {
  readonly s3: Place | null
}

/** The key tells the content: what is there already is not sent again, and nothing is ever replaced. */
export const keyOf = (prefix: string, made: Package): string =>
  `${prefix}${prefix === '' || prefix.endsWith('/') ? '' : '/'}${made.function}-${made.architecture}-${made.sha256.slice(0, 16)}.zip`

export interface UploadDeps {
  /** Of the bucket. */
  readonly store: Pick<Store, 'write'>
  readonly bucket: string
  readonly prefix: string
  /** Packages larger than this are put there. */
  readonly directMax: number
}

/**
 * Puts what is too large for a request into S3.
 *
 * @throws Fault of the store; STORE_CONFLICT when another file is there by that name.
 */
export const placePackages = async (
  packages: readonly Package[],
  folder: string,
  { store, bucket, prefix, directMax }: UploadDeps,
  signal: AbortSignal,
): Promise<readonly PlacedPackage[]> => {
  const placed: PlacedPackage[] = []
  for (const made of packages) {
    if (made.zipBytes <= directMax) {
      placed.push({ ...made, s3: null })
      continue
    }
    const key = keyOf(prefix, made)
    const bytes = await readFile(join(folder, made.file))
    await store.write(key, bytes, { sha256: made.sha256, contentType: 'application/zip' }, signal)
    placed.push({ ...made, s3: { bucket, key } })
  }
  return placed
}
