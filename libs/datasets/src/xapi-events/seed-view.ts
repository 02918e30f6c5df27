/**
 * `raw_events` as users of oli-torus' cloud/xapi-etl-processor know it (table of its migration 20250909000001): the same
 * 44 names and types, in its order. Ids it cannot hold as null are 0 there, as an INSERT of null made them.
 */
const required: readonly (readonly [string, string])[] = [
  ['event_id', 'event_id'],
  ['user_id', 'user_id'],
  ['host_name', "CAST(host_name, 'String')"],
  ['section_id', 'ifNull(section_id, 0)'],
  ['project_id', 'ifNull(project_id, 0)'],
  ['publication_id', 'ifNull(publication_id, 0)'],
  ['timestamp', "toDateTime64(timestamp, 3, 'UTC')"],
  ['event_type', 'event_type'],
]

const plain = [
  'page_id',
  'content_element_id',
  'video_url',
  'video_time',
  'video_length',
  'video_progress',
  'video_played_segments',
  'video_play_time',
  'video_seek_from',
  'video_seek_to',
  'activity_attempt_guid',
  'activity_attempt_number',
  'page_attempt_guid',
  'page_attempt_number',
  'part_attempt_guid',
  'part_attempt_number',
  'activity_id',
  'activity_revision_id',
  'part_id',
] as const

const plainAfter = [
  'score',
  'out_of',
  'scaled_score',
  'success',
  'completion',
  'response',
  'feedback',
  'hints_requested',
  'attached_objectives',
  'session_id',
] as const

const same = (name: string): readonly [string, string] => [name, name]

const seedColumns: readonly (readonly [string, string])[] = [
  ...required,
  ...plain.map(same),
  ['page_sub_type', "CAST(page_sub_type, 'Nullable(String)')"],
  ...plainAfter.map(same),
  ['inserted_at', "toDateTime(_loaded_at, 'UTC')"],
  ['event_hash', 'event_hash'],
  ['event_version', "toDateTime64(_loaded_at, 3, 'UTC')"],
  ['source_file', 'toNullable(_source)'],
  ['source_etag', 'toNullable(_version)'],
  ['source_line', "CAST(_line, 'Nullable(UInt32)')"],
]

export const seedView = {
  name: 'raw_events_seed',
  description:
    'raw_events with the names and types of oli-torus: source_file, source_etag and source_line are _source, _version and _line',
  select: `SELECT\n${seedColumns
    .map(([name, expression]) => `  ${expression} AS ${name}`)
    .join(',\n')}\nFROM {table}`,
} as const
