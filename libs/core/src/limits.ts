/** The house's caps, each with its unit. Settings may lower or raise those that name one; tests lower them. */
export interface Limits {
  /** Sources in one batch. */
  readonly batchSourcesMax: number
  /** Chunks in one batch; further sources wait for the next. */
  readonly batchChunksMax: number
  /** Rows in one chunk (`reliability`: one INSERT, one block). */
  readonly chunkRowsMax: number
  /** Estimated decoded bytes in one chunk. */
  readonly chunkBytesMax: number
  /** Decoded bytes in all open builders together; the largest closes first. */
  readonly openBytesMax: number
  /** Open builders. More than a table has months, so that size closes them and not their number. */
  readonly openBuildersMax: number
  /** A longer record is not parsed. */
  readonly recordBytesMax: number
  /** Stored size of an object. */
  readonly objectBytesMax: number
  /** Size of an object after decompression. */
  readonly decompressedBytesMax: number
  /** A smaller object is never too large to be read in time: what is slow is something else, and it comes again. */
  readonly tooLargeBytesMin: number
  /** Bytes of a rejected record that quarantine keeps when it is over the record limit. */
  readonly quarantineRawBytesMax: number
  /** Concurrent calls of one kind. */
  readonly concurrencyMax: number
}

const kib = 1024
const mib = 1024 * kib
const gib = 1024 * mib

export const defaultLimits: Limits = {
  batchSourcesMax: 5_000,
  batchChunksMax: 1_000,
  chunkRowsMax: 500_000,
  chunkBytesMax: 64 * mib,
  openBytesMax: 128 * mib,
  openBuildersMax: 4_096,
  recordBytesMax: 16 * mib,
  objectBytesMax: 5 * gib,
  decompressedBytesMax: 20 * gib,
  tooLargeBytesMin: 16 * mib,
  quarantineRawBytesMax: 64 * kib,
  concurrencyMax: 16,
}
