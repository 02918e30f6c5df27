import { hash } from 'node:crypto'
import {
  type Chunk,
  Fault,
  type FaultCode,
  isFault,
  type Store,
  type Target,
  tokenOf,
} from '@silversmith/core'
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

  check: (signal) => asTarget(() => store.write(probeKey, probeBytes, probeFile, signal)),

  put: async (batch, chunk, signal) => {
    if (!chunk.days) {
      throw new Fault(
        'PIPELINE_CHANGED',
        `chunk ${tokenOf(batch, chunk.n)} was staged without silver files`,
      )
    }
    await mapConcurrently(chunk.days, copiesMax, ({ key, sha256, day }) => {
      const file = { sha256, contentType: 'application/vnd.apache.parquet' }
      return asTarget(() => store.copy(key, silverKeyOf(prefix, batch, chunk, day), file, signal))
    })
  },
})

/** Always the same file: written once, found ever after. */
const probeKey = '_probe/silver'
const probeBytes = Buffer.from(
  'Whether this file can be written says whether silver takes files.\n',
)
const probeFile = { sha256: hash('sha256', probeBytes, 'hex'), contentType: 'text/plain' }

/** What keeps files from silver is the target's failure, as it is of any other target. */
const asTarget = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    const code = isFault(error) ? targetCodes[error.code] : undefined
    if (!code) throw error
    throw new Fault(code, (error as Fault).message, { cause: error })
  }
}

const targetCodes: Readonly<Partial<Record<FaultCode, FaultCode>>> = {
  STORE_UNAVAILABLE: 'TARGET_UNAVAILABLE',
  STORE_DENIED: 'TARGET_DENIED',
}
