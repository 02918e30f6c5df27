import { createHash } from 'node:crypto'
import type { Chunk, Row, Store, Table } from '@silversmith/core'
import { columnsOf, tokenOf } from '@silversmith/core'
import { encodeParquet } from '@silversmith/parquet'

/** A small table for tests of the engine. */
export const events: Table = {
  name: 'events',
  description: "Events of a test, it's small",
  columns: [
    { name: 'timestamp', type: 'timestamp', nullable: false, description: 'When' },
    { name: 'kind', type: 'category', nullable: true, description: 'What kind' },
    { name: 'name', type: 'text', nullable: false, description: 'What name' },
    { name: 'score', type: 'float64', nullable: true, description: 'How much' },
    { name: 'done', type: 'boolean', nullable: true, description: 'Whether' },
  ],
  orderBy: ['kind', 'timestamp'],
  indexes: [{ column: 'score', type: 'minmax', granularity: 1 }],
  views: [
    {
      name: 'events_by_kind',
      description: 'Counts',
      select: 'SELECT kind, count() AS n FROM {table} GROUP BY kind',
    },
  ],
}

export const month = '2026-11'
const startMicros = Date.UTC(2026, 10, 20) * 1000

export interface EventOptions {
  readonly source?: string
  readonly version?: string
  readonly generation?: number
  readonly objectMicros?: number
  readonly kind?: string | null
  /** Bytes of each name, to make a chunk heavy. */
  readonly nameLength?: number
}

/** Row `record` of a chunk. */
export const eventRow = (token: string, record: number, options: EventOptions = {}): Row => [
  startMicros + record,
  options.kind ?? null,
  `event ${record}`.padEnd(options.nameLength ?? 0, '.'),
  record % 2 === 0 ? null : record / 2,
  record % 3 === 0 ? null : record % 3 === 1,
  options.source ?? `s3://bronze/${token}`,
  options.version ?? 'v1',
  record,
  0,
  record + 1,
  token,
  options.generation ?? 0,
  options.objectMicros ?? startMicros,
  startMicros,
  1,
]

/** Writes a chunk of rows where the target will look for it. */
export const stageRows = async (
  store: Pick<Store, 'write'>,
  table: Table,
  batch: string,
  n: number,
  rows: readonly Row[],
): Promise<Chunk> => {
  const bytes = await encodeParquet(columnsOf(table), rows)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const key = `_staging/${tokenOf(batch, n)}`
  const type = { sha256, contentType: 'application/vnd.apache.parquet' }
  await store.write(key, bytes, type, new AbortController().signal)
  const block = { key, sha256, sizeBytes: bytes.length, rows: rows.length }
  const columns = columnsOf(table).map(({ name }) => name)
  return { n, table: table.name, month, rows: rows.length, columns, block }
}

export const stageEvents = (
  store: Pick<Store, 'write'>,
  batch: string,
  n: number,
  count: number,
  options: EventOptions = {},
): Promise<Chunk> =>
  stageRows(
    store,
    events,
    batch,
    n,
    Array.from({ length: count }, (_, record) => eventRow(tokenOf(batch, n), record, options)),
  )

/** One row of `_reloads`: this version of the object counts from this generation on. */
export const reloadRow = (
  token: string,
  options: EventOptions & { readonly supersedes?: boolean },
): Row => [
  startMicros,
  events.name,
  options.supersedes ?? false,
  '',
  ...eventRow(token, 0, options).slice(events.columns.length),
]
