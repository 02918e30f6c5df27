import { createHash } from 'node:crypto'
import type { Batch, ItemKey, LedgerItem, Versioned } from '@silversmith/core'
import { Fault, jobBytesMax } from '@silversmith/core'

/** One item as the table has it: the ledger item's own attributes beside these. */
export interface LedgerRecord {
  /** `O#<source>`, `B#<batch>` `P#<pipeline>`, `K#<work>`, `R#<pipeline>/<target>[/<table>]` or `J#<pipeline>/<job>` */
  readonly pk: string
  readonly rev: number
  /** Only in batches in state F or S: what puts them into the index. */
  readonly openShard?: string
  readonly [attribute: string]: unknown
}

const prefixes: Readonly<Record<ItemKey['kind'], string>> = {
  claim: 'O#',
  batch: 'B#',
  pipeline: 'P#',
  checkpoint: 'K#',
  breaker: 'R#',
  job: 'J#',
}

/** Design: a batch item stays this small whatever the number of its sources. */
const itemBytesMax = 4096

const shardsMax = 4

/**
 * Partitions of the index, of one pipeline: another's open batches never stand before its own. One alone would make every seal
 * and commit meet in it.
 */
export const openShardsOf = (pipeline: string): readonly string[] =>
  Array.from({ length: shardsMax }, (_, n) => `OPEN#${n}#${pipeline}`)

export const pkOf = ({ kind, id }: ItemKey): string => `${prefixes[kind]}${id}`

/** Id of a batch, by its pk. */
export const batchOf = (pk: string): string => pk.slice(prefixes.batch.length)

/** Throws RangeError when the item is over 4 KB, a job over its own limit: a bug, since nothing in an item grows with the data. */
export const writeRecord = (item: LedgerItem, revision: number): LedgerRecord => {
  const sizeBytes = Buffer.byteLength(JSON.stringify(item))
  const sizeBytesMax = item.kind === 'job' ? jobBytesMax : itemBytesMax
  if (sizeBytes > sizeBytesMax)
    throw new RangeError(`${pkOf(item)} has ${sizeBytes} bytes, over the ${sizeBytesMax} allowed`)
  const isOpen = item.kind === 'batch' && (item.state === 'F' || item.state === 'S')
  return {
    ...item,
    pk: pkOf(item),
    rev: revision,
    ...(isOpen ? { openShard: shardOf(item) } : {}),
  }
}

export const readRecord = (record: Readonly<Record<string, unknown>>): Versioned => {
  const { pk, rev, ...rest } = record
  const item = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'openShard'))
  if (typeof pk !== 'string' || typeof rev !== 'number' || !('kind' in item) || !('id' in item))
    throw new Fault(
      'LEDGER_DENIED',
      `item ${String(pk)} of the ledger is not one of ours; find out who else writes to the table`,
    )
  return { item: item as unknown as LedgerItem, revision: rev }
}

const shardOf = ({ id, pipeline }: Batch): string => {
  const [first = 0] = createHash('sha256').update(id).digest()
  return openShardsOf(pipeline)[first % shardsMax] as string
}
