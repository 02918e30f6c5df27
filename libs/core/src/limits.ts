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
  /** Memory of all open builders together; over it rows are packed, then the largest chunk closes. */
  readonly openBytesMax: number
  /** Memory of the rows of one row group; over it the group is encoded. */
  readonly rowGroupBytesMax: number
  /** Open builders. More than a table has months, so that size closes them and not their number. */
  readonly openBuildersMax: number
  /** A longer record is not parsed. */
  readonly recordBytesMax: number
  /** Rows of one record, of all tables; a record that makes more is rejected. */
  readonly recordRowsMax: number
  /** Stored size of an object. */
  readonly objectBytesMax: number
  /** Size of an object after decompression. */
  readonly decompressedBytesMax: number
  /** A smaller object is never too large to be read in time: what is slow is something else, and it comes again. */
  readonly tooLargeBytesMin: number
  /** Bytes of a rejected record that quarantine keeps when it is over the record limit. */
  readonly quarantineRawBytesMax: number
  /** Rejected records held open; over it their files are staged. */
  readonly quarantineOpenBytesMax: number
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
  rowGroupBytesMax: 32 * mib,
  openBuildersMax: 4_096,
  recordBytesMax: 16 * mib,
  recordRowsMax: 10_000,
  objectBytesMax: 5 * gib,
  decompressedBytesMax: 20 * gib,
  tooLargeBytesMin: 16 * mib,
  quarantineRawBytesMax: 64 * kib,
  quarantineOpenBytesMax: 32 * mib,
  concurrencyMax: 16,
}

/** A function of this memory or more has the limits above; what a smaller one holds open is smaller in proportion. */
const wholeMemoryMib = 1_408

/** The limits of a function of so much memory. */
export const limitsOf = (memoryMib: number): Limits => {
  const share = Math.min(1, memoryMib / wholeMemoryMib)
  const shareOf = (bytes: number): number => Math.floor(bytes * share)
  return {
    ...defaultLimits,
    openBytesMax: shareOf(defaultLimits.openBytesMax),
    rowGroupBytesMax: shareOf(defaultLimits.rowGroupBytesMax),
    quarantineOpenBytesMax: shareOf(defaultLimits.quarantineOpenBytesMax),
  }
}
