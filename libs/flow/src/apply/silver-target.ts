import { type Chunk, Fault, type Store, type Target, tokenOf } from '@silversmith/core'
import { mapConcurrently } from '../patience.ts'

export interface SilverOptions {
  readonly store: Store
  /** Ends with a slash. */
  readonly prefix: string
}

const copiesMax = 4

/** Final key of one day of a chunk: `<prefix><table>/dt=YYYY-MM-DD/<batch>-<n>.parquet`. */
export const silverKeyOf = (
  prefix: string,
  batch: string,
  chunk: Pick<Chunk, 'table' | 'n'>,
  day: string,
): string => `${prefix}${chunk.table}/dt=${day}/${batch}-${chunk.n}.parquet`

/** Hive-partitioned Parquet: each day of a chunk becomes one file that is created once and never replaced. */
export const createSilverTarget = ({ store, prefix }: SilverOptions): Target => ({
  name: 'silver',

  // Creating a file that is there with the same bytes succeeds, so asking first would save nothing.
  has: () => Promise.resolve(false),

  put: async (batch, chunk, signal) => {
    if (!chunk.days) {
      throw new Fault(
        'PIPELINE_CHANGED',
        `chunk ${tokenOf(batch, chunk.n)} was staged without silver files`,
      )
    }
    await mapConcurrently(chunk.days, copiesMax, ({ key, sha256, day }) =>
      store.copy(
        key,
        silverKeyOf(prefix, batch, chunk, day),
        { sha256, contentType: 'application/vnd.apache.parquet' },
        signal,
      ),
    )
  },
})
