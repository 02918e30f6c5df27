import type { Database } from './database.ts'
import type { Version } from './version.ts'
import { keyBytes, readKeyBytes, readVersionRow, versionColumns } from './version.ts'

export interface Query {
  readonly bucket: string
  readonly prefix: string
  /** Empty: none. */
  readonly delimiter: string
  readonly keysMax: number
  /** The first key that may appear, as bytes. */
  readonly from: Uint8Array
}

/** Versions and common prefixes, in byte order of their keys; together at most `keysMax`. */
export interface Page {
  readonly entries: readonly Entry[]
  /** Where the next page begins; undefined at the end. */
  readonly next: Uint8Array | undefined
}

export type Entry =
  | { readonly kind: 'version'; readonly version: Version }
  | { readonly kind: 'prefix'; readonly prefix: string }

export interface Listing {
  /** The objects there are now. */
  objects(query: Query): Page
  /** All versions and markers, newest of a key first. `before`: of the key `from`, only those older than this version id. */
  versions(query: Query, before: string | undefined): Page
}

/** The first byte string behind all that begin with `bytes` (UTF-8 has no 0xff, so the last byte can be raised). */
export const afterPrefix = (bytes: Uint8Array): Uint8Array => {
  const end = Buffer.from(bytes)
  if (end.length === 0) return Buffer.from([0xff])
  end[end.length - 1]! += 1
  return end
}

/** The first byte string behind this one. */
export const afterKey = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, Buffer.from([0])])

type Rows = (from: Uint8Array, end: Uint8Array) => Iterable<Record<string, unknown>>

// A common prefix costs one seek, however many keys are under it.
const collect = (query: Query, rows: Rows): Page => {
  const { keysMax } = query
  const prefix = keyBytes(query.prefix)
  const delimiter = keyBytes(query.delimiter)
  const end = afterPrefix(prefix)
  const entries: Entry[] = []
  let from = Buffer.compare(query.from, prefix) > 0 ? query.from : prefix
  if (keysMax === 0) return { entries, next: undefined }
  for (;;) {
    let jumped = false
    for (const row of rows(from, end)) {
      const key = Buffer.from(row['key'] as Uint8Array)
      if (entries.length === keysMax) return { entries, next: key }
      const cut = delimiter.length === 0 ? -1 : key.indexOf(delimiter, prefix.length)
      if (cut < 0) {
        entries.push({ kind: 'version', version: readVersionRow(row as never) })
        continue
      }
      const common = key.subarray(0, cut + delimiter.length)
      entries.push({ kind: 'prefix', prefix: readKeyBytes(common) })
      from = afterPrefix(common)
      jumped = true
      break
    }
    if (!jumped) return { entries, next: undefined }
  }
}

export const createListing = (database: Database): Listing => ({
  objects: (query) =>
    collect(query, (from, end) =>
      database.each(
        `SELECT ${versionColumns} FROM versions
         WHERE bucket = ? AND key >= ? AND key < ? AND latest = 1 AND marker = 0 ORDER BY key`,
        query.bucket,
        from,
        end,
      ),
    ),
  versions: (query, before) => {
    const row =
      before === undefined
        ? undefined
        : database.first(
            'SELECT sequence FROM versions WHERE bucket = ? AND key = ? AND version = ?',
            query.bucket,
            query.from,
            before,
          )
    // A marker that is gone says nothing of order: the key's versions are listed again rather than missed.
    const sequence = row ? Number(row['sequence']) : Number.MAX_SAFE_INTEGER
    return collect(query, (from, end) =>
      database.each(
        `SELECT ${versionColumns} FROM versions
         WHERE bucket = ? AND key >= ? AND key < ? AND (key > ? OR sequence < ?)
         ORDER BY key, sequence DESC`,
        query.bucket,
        from,
        end,
        query.from,
        sequence,
      ),
    )
  },
})
