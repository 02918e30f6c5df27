const kib = 1024
const mib = 1024 * kib
const gib = 1024 * mib

/** S3's own limits (Amazon S3 user guide, "Quotas" and "Multipart upload limits"), and this server's. */
export interface S3Limits {
  /** One PUT, one part, one server-side copy. */
  readonly putBytesMax: number
  /** Every part but the last. */
  readonly partBytesMin: number
  readonly partNumberMax: number
  /** A key, as UTF-8. */
  readonly keyBytesMax: number
  /** User metadata: names and values together. */
  readonly metadataBytesMax: number
  /** One page of a listing, one DeleteObjects. */
  readonly pageKeysMax: number
  /** An XML request body: 10 000 parts or 1 000 keys with room for checksums and escapes. */
  readonly xmlBytesMax: number
  /** A connection on which nothing moves is cut. */
  readonly idleMs: number
  /** How long `close` waits for requests that are under way. */
  readonly closeMs: number
}

export const s3Limits: S3Limits = {
  putBytesMax: 5 * gib,
  partBytesMin: 5 * mib,
  partNumberMax: 10_000,
  keyBytesMax: 1024,
  metadataBytesMax: 2 * kib,
  pageKeysMax: 1000,
  xmlBytesMax: 8 * mib,
  idleMs: 15 * 60_000,
  closeMs: 5000,
}
