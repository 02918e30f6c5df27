import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type FileMetaData, parquetReadObjects } from 'hyparquet'

/**
 * Rows of a Parquet file, read by hyparquet: for tests, reports and repairs. Values are plain: string, number (uint32, float64,
 * timestamp in microseconds, date in days, decimal as near as a double comes), bigint (uint64, int64), boolean, Uint8Array
 * (binary), null, array (list), object (struct, map).
 *
 * @param columns Names of the columns to read; all when absent. Throws a TypeError for a name the file does not have.
 */
export const readParquet = (
  bytes: Uint8Array,
  columns?: readonly string[],
): Promise<Record<string, unknown>[]> => {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  return readPlainRows(file as ArrayBuffer, { ...(columns && { columns: [...columns] }) })
}

/** With `metadata` values are read as that says. */
export const readPlainRows = async (
  file: ArrayBuffer,
  options: { readonly columns?: string[]; readonly metadata?: FileMetaData },
): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({
    ...{ file, ...options },
    utf8: false,
    compressors: {
      GZIP: (packed) => gunzipSync(packed),
      ZSTD: (packed) => zstdDecompressSync(packed),
    },
    parsers: {
      timestampFromMicroseconds: Number,
      dateFromDays: (days) => days,
    },
  })
