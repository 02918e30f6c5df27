import { createHash, randomUUID } from 'node:crypto'
import type { Column, ScalarType, Value } from '@silversmith/core'
import { xapiEvents } from '@silversmith/datasets'
import { encodeParquet } from '@silversmith/parquet'

/** The columns that oli-torus' xAPI ETL inserts, in its order: names → type there and, of each, whether it may be null. */
const inserted: readonly (readonly [names: string, type: ScalarType, ddl: string])[] = [
  ['event_id user_id host_name', 'text', 'String'],
  ['section_id project_id publication_id', 'uint64', 'UInt64'],
  ['timestamp', 'timestamp', 'DateTime64(3)'],
  ['event_type', 'text', 'LowCardinality(String)'],
  ['page_id', 'uint64', 'Nullable(UInt64)'],
  ['content_element_id video_url', 'text', 'Nullable(String)'],
  ['video_time video_length video_progress', 'float64', 'Nullable(Float64)'],
  ['video_played_segments', 'text', 'Nullable(String)'],
  ['video_play_time video_seek_from video_seek_to', 'float64', 'Nullable(Float64)'],
  ['activity_attempt_guid', 'text', 'Nullable(String)'],
  ['activity_attempt_number', 'uint32', 'Nullable(UInt32)'],
  ['page_attempt_guid', 'text', 'Nullable(String)'],
  ['page_attempt_number', 'uint32', 'Nullable(UInt32)'],
  ['part_attempt_guid', 'text', 'Nullable(String)'],
  ['part_attempt_number', 'uint32', 'Nullable(UInt32)'],
  ['activity_id activity_revision_id', 'uint64', 'Nullable(UInt64)'],
  ['part_id page_sub_type', 'text', 'Nullable(String)'],
  ['score out_of scaled_score', 'float64', 'Nullable(Float64)'],
  ['success completion', 'boolean', 'Nullable(Bool)'],
  ['response feedback', 'text', 'Nullable(String)'],
  ['hints_requested', 'uint32', 'Nullable(UInt32)'],
  ['attached_objectives session_id', 'text', 'Nullable(String)'],
  ['event_hash', 'text', 'String'],
  ['source_file source_etag', 'text', 'Nullable(String)'],
  ['source_line', 'uint32', 'Nullable(UInt32)'],
]

const columns: readonly (Column & { readonly ddl: string })[] = inserted.flatMap(
  ([names, type, ddl]) =>
    names
      .split(' ')
      .map((name) => ({ name, type, ddl, nullable: ddl.startsWith('Nullable'), description: '' })),
)

/** Its table `raw_events`, as its migration makes it. */
export const torusTable = (database: string): string =>
  [
    `CREATE TABLE ${database}.raw_events (`,
    [
      ...columns.map(({ name, ddl }) => `  ${name} ${ddl}`),
      '  inserted_at DateTime DEFAULT now()',
      '  event_version DateTime64(3) DEFAULT now64(3)',
      '  INDEX idx_section_id section_id TYPE minmax GRANULARITY 1',
      '  INDEX idx_event_type event_type TYPE set(0) GRANULARITY 1',
      '  INDEX idx_user_id user_id TYPE bloom_filter GRANULARITY 1',
    ].join(',\n'),
    ') ENGINE = ReplacingMergeTree(event_version)',
    'PARTITION BY toYYYYMM(timestamp) PRIMARY KEY event_hash ORDER BY event_hash',
    'SETTINGS allow_nullable_key = 0, index_granularity = 8192',
  ].join('\n')

/** An object that it was told of. */
export interface TorusObject {
  readonly url: string
  readonly etag: string
  readonly body: string
}

/** What it makes of a statement, as far as it differs from ours. */
const differences = (type: unknown): Readonly<Record<string, Value>> => ({
  event_id: randomUUID(),
  ...(type === 'video' && { page_id: null }),
  ...(type === 'tutor_message' && { event_type: 'unknown' }),
})

const ours = xapiEvents.tables[0]?.columns.map(({ name }) => name) ?? []

const valuesOf = (line: string): Readonly<Record<string, Value>> => {
  const hash = createHash('sha256').update(line).digest('hex')
  const mapped = xapiEvents.map(JSON.parse(line), { hash, text: line })
  const values = 'rows' in mapped ? (mapped.rows[0]?.values ?? []) : []
  const row = Object.fromEntries(ours.map((name, at) => [name, values[at] ?? null]))
  return { ...row, ...differences(row['event_type']) }
}

/** Rows of objects as it inserts them: one body of Parquet with its columns. `isIn`: which of the lines; all when absent. */
export const torusBody = async (
  objects: readonly TorusObject[],
  isIn: (url: string, line: number) => boolean = () => true,
): Promise<Uint8Array> => {
  const rows = objects.flatMap(({ url, etag, body }) =>
    body
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line, at): Readonly<Record<string, Value>> => ({
        ...valuesOf(line),
        ...{ source_file: url, source_etag: etag, source_line: at + 1 },
      }))
      .filter((_, at) => isIn(url, at + 1)),
  )
  return encodeParquet(
    columns.map(({ name, type, nullable, description }) => ({ name, type, nullable, description })),
    rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
  )
}

export const torusInsert = (database: string): string =>
  `INSERT INTO \`${database}\`.\`raw_events\` (${columns.map(({ name }) => `\`${name}\``).join(', ')}) FORMAT Parquet`

/** Of a dataset's own columns those that it has, too. */
export const sharedColumns = columns
  .map(({ name }) => name)
  .filter((name) => ours.includes(name) && name !== 'timestamp')
