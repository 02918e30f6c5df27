import type { Blobs } from './blobs.ts'
import type { Catalog } from './catalog.ts'
import type { Races } from './conditions.ts'
import type { Listing } from './listing.ts'
import type { Happening } from './notification.ts'
import type { S3Request } from './request.ts'
import type { Uploads } from './uploads.ts'

/** What the operations work on. */
export interface Backend {
  readonly region: string
  readonly catalog: Catalog
  readonly uploads: Uploads
  readonly listing: Listing
  readonly blobs: Blobs
  readonly races: Races
  /** Resolves when whoever listens has taken it. */
  notify(happening: Happening, request: S3Request): Promise<void>
}
