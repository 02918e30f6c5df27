import {
  type Chunk,
  type DayPayload,
  expiredRowsOf,
  type Holding,
  type Inspector,
  isFault,
  isRowFrom,
  keptSince,
  rowIdentity,
  type RowOrigin,
  type Store,
  type Table,
  tokenOf,
} from '@silversmith/core'
import { mapConcurrently } from '../patience.ts'
import { silverKeyOf } from '../apply/silver-target.ts'

export interface SilverInspectorOptions {
  /** Tables that do not keep their rows for ever are looked for here; `now` is epoch ms. */
  readonly retention?: {
    readonly tables: readonly Pick<Table, 'name' | 'retentionDays'>[]
    readonly now: () => number
  }
  readonly store: Pick<Store, 'look' | 'read' | 'list'>
  /** Ends with a slash. */
  readonly prefix: string
  /** Rows of a Parquet file with the columns named. Throws when it is none or lacks one. */
  readonly decode: (
    bytes: Uint8Array,
    columns: readonly string[],
  ) => Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** Files looked at a time. */
const looksMax = 16

/**
 * Looks at the Parquet files of silver. A file with the size and hash its manifest tells holds that payload's rows; any other
 * is read, for a repair may have written it anew, and so is every one when an origin is asked for. Where there is no file there are no rows.
 *
 * `listTokens` tells a chunk in the folder of each of its days, so that it lists every file once however many calls it takes.
 * A file that is not named as ours is told by its key.
 */
export const createSilverInspector = (options: SilverInspectorOptions): Inspector => ({
  name: 'silver',

  inspect: async (batch, chunks, signal, origin) => {
    const files = chunks.flatMap((chunk, index) =>
      (chunk.days ?? []).map((payload) => ({ chunk, index, payload })),
    )
    const { tables = [], now = () => 0 } = options.retention ?? {}
    const sinceOf = (own: string): number | undefined =>
      keptSince(
        tables.find(({ name }) => name === own),
        now(),
      )
    const holdings: Holding[] = chunks.map((chunk) => {
      const expired = expiredRowsOf(chunk, sinceOf(chunk.table))
      return { rows: 0, distinct: 0, ...(expired > 0 && !origin && { expired }) }
    })
    const add = (index: number, payload: DayPayload, held: Holding): void => {
      const { rows, distinct, expired = 0 } = holdings[index] as Holding
      const since = sinceOf(chunks[index]?.table ?? '') ?? -Infinity
      const left = Date.parse(payload.day) < since ? expired - held.distinct : expired
      holdings[index] = {
        ...{ rows: rows + held.rows, distinct: distinct + held.distinct },
        ...(left > 0 && { expired: left }),
      }
    }
    const others: { readonly chunk: Chunk; readonly index: number; readonly file: OtherFile }[] = []
    await mapConcurrently(files, looksMax, async ({ chunk, index, payload }) => {
      const key = silverKeyOf(options.prefix, batch, chunk, payload.day)
      const there = await options.store.look(key, signal)
      if (!there) return
      const isSame =
        !origin && there.sha256 === payload.sha256 && there.sizeBytes === payload.sizeBytes
      if (isSame) add(index, payload, { rows: payload.rows, distinct: payload.rows })
      else others.push({ chunk, index, file: { key, payload, sha256: there.sha256 } })
    })
    // One by one: each may hold the rows of a whole chunk.
    for (const { chunk, index, file } of others)
      add(
        index,
        file.payload,
        await countRows(options, { token: tokenOf(batch, chunk.n), origin }, file, signal),
      )
    return holdings
  },

  listTokens: async (table, from, limit, signal) => {
    const folder = `${options.prefix}${table}/`
    const after = from?.replace(/^(dt=[\d-]+\/.+)#(\d+)$/, `${folder}$1-$2.parquet`)
    const names: string[] = []
    for await (const key of options.store.list(folder, signal, after)) {
      // Marks of folders and of jobs hold no rows.
      if (!key.endsWith('.parquet')) continue
      names.push(nameOf(key, folder))
      if (names.length >= limit) break
    }
    return names
  },
})

/** `dt=<day>/<token>`, in the order of the keys; for a file that is not named as ours its key. */
const nameOf = (key: string, folder: string): string => {
  const own = /^(dt=[\d-]+\/)([^/]+)-(0|[1-9]\d*)\.parquet$/.exec(key.slice(folder.length))
  const [, day = '', batch = '', n] = own ?? []
  return own ? `${day}${tokenOf(batch, Number(n))}` : key
}

interface OtherFile {
  readonly key: string
  readonly payload: DayPayload
  readonly sha256: string | undefined
}

/** Rows of that chunk in a file with other bytes; none in one that cannot be read as Parquet. */
const countRows = async (
  { store, decode }: SilverInspectorOptions,
  { token, origin }: { readonly token: string; readonly origin: RowOrigin | undefined },
  { key, payload, sha256 = payload.sha256 }: OtherFile,
  signal: AbortSignal,
): Promise<Holding> => {
  let bytes: Uint8Array
  try {
    bytes = await store.read(key, sha256, signal)
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) return { rows: 0, distinct: 0 }
    throw error
  }
  const rows = await decode(bytes, [...rowIdentity, '_chunk']).catch(() => [])
  const own = rows.filter((row) => row['_chunk'] === token && (!origin || isRowFrom(row, origin)))
  const identities = own.map((row) => JSON.stringify(rowIdentity.map((name) => String(row[name]))))
  return { rows: own.length, distinct: new Set(identities).size }
}
