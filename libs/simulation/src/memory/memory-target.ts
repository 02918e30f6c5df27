import type { Chunk, Store, Target } from '@silversmith/core'
import { Fault, tokenOf } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'
import type { Engine, StoredRow } from './engine.ts'
import { blocksOf } from './engine.ts'

export interface MemoryTargetOptions {
  readonly name: string
  /** Where the staged bytes are. */
  readonly store: Pick<Store, 'read'>
  readonly engine: Engine
  /** Rows of a staged payload, e.g. read out of its Parquet bytes. */
  readonly decode: (bytes: Uint8Array) => Promise<readonly StoredRow[]>
  /** The table's PARTITION BY; left out: the chunk's month, so that a chunk is one atomic block. */
  readonly partitionOf?: (row: StoredRow) => string
}

/** A target on the engine model: reads the staged block, inserts it partition by partition under its token. */
export const createMemoryTarget = (options: MemoryTargetOptions): Target => {
  const { name, store, engine, decode } = options
  return {
    name,
    has: async (batch, chunk, signal) => {
      refuseAborted(signal)
      return engine.count(chunk.table, tokenOf(batch, chunk.n)) >= chunk.rows
    },
    check: async (signal) => refuseAborted(signal),
    put: async (batch, chunk, signal) => {
      refuseAborted(signal)
      const { key, sha256 } = blockOf(chunk)
      const rows = await decode(await store.read(key, sha256, signal))
      const partitionOf = options.partitionOf ?? (() => chunk.month)
      for (const block of blocksOf(chunk.table, tokenOf(batch, chunk.n), rows, partitionOf))
        engine.insertBlock(block)
    },
  }
}

/** The payload with all rows of a chunk, which a database target needs. */
export const blockOf = (chunk: Chunk): NonNullable<Chunk['block']> => {
  if (!chunk.block)
    throw new Fault(
      'TARGET_MISCONFIGURED',
      `chunk ${chunk.n} of ${chunk.table} was staged without a block; its targets did not ask for one`,
    )
  return chunk.block
}
