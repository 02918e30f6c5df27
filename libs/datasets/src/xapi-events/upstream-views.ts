import type { Table } from '@silversmith/core'

type View = Table['views'][number]
/** Name of a column there, and what of ours it is. */
type Column = readonly [name: string, expression: string]

const same = (...names: readonly string[]): readonly Column[] => names.map((name) => [name, name])
/** Ids their tables cannot hold as null are 0 there, as an INSERT of null made them. */
const orZero = (...names: readonly string[]): readonly Column[] =>
  names.map((name) => [name, `ifNull(${name}, 0)`])
/** Plain text where we keep a dictionary. */
const asText = (name: string, type = 'Nullable(String)'): Column => [
  name,
  `CAST(${name}, '${type}')`,
]

const hostName = asText('host_name', 'String')
const time: Column = ['timestamp', "toDateTime64(timestamp, 3, 'UTC')"]
const insertedAt: Column = ['inserted_at', "toDateTime(_loaded_at, 'UTC')"]
const lineage: readonly Column[] = [
  ['event_version', "toDateTime64(_loaded_at, 3, 'UTC')"],
  ['source_file', 'toNullable(_source)'],
  ['source_etag', 'toNullable(_version)'],
  ['source_line', "CAST(_line, 'Nullable(UInt32)')"],
]
const courseIds = ['section_id', 'project_id', 'publication_id'] as const
const videoPositions = ['video_time', 'video_length', 'video_progress'] as const
const seeks = ['video_seek_from', 'video_seek_to'] as const
const activityAttempt = ['activity_attempt_guid', 'activity_attempt_number'] as const
const pageAttempt = ['page_attempt_guid', 'page_attempt_number'] as const
const partAttempt = ['part_attempt_guid', 'part_attempt_number'] as const
const activity = ['activity_id', 'activity_revision_id'] as const
const scores = ['score', 'out_of', 'scaled_score', 'success', 'completion'] as const
const partDetails = [
  ...['response', 'feedback', 'hints_requested', 'attached_objectives', 'session_id'],
] as const

const attemptsAndResult: readonly Column[] = [
  ...same(...activityAttempt, ...pageAttempt, ...partAttempt, ...activity, 'part_id'),
  asText('page_sub_type'),
  ...same(...scores, ...partDetails),
]
const identity = same('event_id', 'user_id')

const viewOf = (
  name: string,
  description: string,
  columns: readonly Column[],
  eventType?: string,
): View => ({
  name,
  description,
  select: `SELECT\n${columns
    .map(([column, expression]) => `  ${expression} AS ${column}`)
    .join(
      ',\n',
    )}\nFROM {table}${eventType === undefined ? '' : `\nWHERE event_type = '${eventType}'`}`,
})

/** A table of the first ETL, which kept every kind of event apart: what all of them have, and what is its own. */
const kindView = (eventType: string, columns: readonly Column[]): View =>
  viewOf(
    `${eventType}_events_seed`,
    `Events of the type ${eventType} with the columns of oli-torus' table ${eventType}_events`,
    columns,
    eventType,
  )

const attemptView = (eventType: string, before: readonly string[], after: readonly string[] = []) =>
  kindView(eventType, [
    ...identity,
    hostName,
    ...orZero(...courseIds),
    ...same(...before),
    time,
    ...same(...scores, ...after),
  ])

/** The attempt an event itself is about. */
const ownAttempt = (part: 'guid' | 'number'): Column => [
  `attempt_${part}`,
  `multiIf(event_type = 'part_attempt', part_attempt_${part}, event_type = 'activity_attempt', activity_attempt_${part}, page_attempt_${part})`,
]

/**
 * `raw_events` as users of oli-torus knew it at several times: names, order and types of the tables of its migrations, so that
 * their queries go on working with another name behind FROM.
 */
export const eventViews: readonly View[] = [
  viewOf(
    'raw_events_seed',
    'raw_events with the names and types of oli-torus in January 2026: source_file, source_etag and source_line are _source, _version and _line',
    [
      ...[...identity, hostName, ...orZero(...courseIds), time],
      ...same('event_type', 'page_id', 'content_element_id', 'video_url', ...videoPositions),
      ...same('video_played_segments', 'video_play_time', ...seeks),
      ...[...attemptsAndResult, insertedAt, ...same('event_hash'), ...lineage],
    ],
  ),
  viewOf(
    'raw_events_torus',
    'raw_events with the names and types of oli-torus in August 2026: verb_id, home_page and enrollment_id, no event_id and host_name',
    [
      ['user_id', "nullIf(user_id, '')"],
      ...[asText('home_page'), ...same(...courseIds, 'enrollment_id'), time],
      ...same('event_type'),
      ['verb_id', "CAST(ifNull(verb_id, ''), 'LowCardinality(String)')"],
      ...same('page_id', 'content_element_id', 'video_url', ...videoPositions),
      ...same('video_played_segments', ...seeks),
      ...[...attemptsAndResult, insertedAt, ...same('event_hash'), ...lineage],
    ],
  ),
  viewOf(
    'raw_events_first',
    'raw_events with the names and types of oli-torus in September 2025: attempt_guid and attempt_number are of the attempt the event is about',
    [
      ...[...identity, hostName, ...orZero(...courseIds), time],
      ...[...same('event_type'), ownAttempt('guid'), ownAttempt('number')],
      ...same('page_id', 'content_element_id', 'video_url', 'video_title', ...videoPositions),
      ...same('video_played_segments', 'video_play_time', ...seeks),
      ...[...attemptsAndResult, insertedAt],
    ],
  ),
  kindView('video', [
    ...same('event_id'),
    time,
    ...same('user_id', 'session_id'),
    ...orZero('section_id'),
    ...same('page_id', 'content_element_id', 'video_url', 'video_title'),
    ['verb', "CAST(verb_id, 'Nullable(String)')"],
    ...same(...videoPositions, 'video_played_segments', 'video_play_time', ...seeks),
    insertedAt,
  ]),
  attemptView('activity_attempt', [...activityAttempt, ...pageAttempt, 'page_id', ...activity]),
  attemptView('page_attempt', [...pageAttempt, 'page_id']),
  attemptView(
    'part_attempt',
    [...partAttempt, ...activityAttempt, ...pageAttempt, 'page_id', ...activity, 'part_id'],
    partDetails,
  ),
  kindView('page_viewed', [
    ...[...identity, hostName, ...orZero(...courseIds), ...same(...pageAttempt, 'page_id')],
    ...[asText('page_sub_type'), time, ...same('success', 'completion')],
  ]),
]

/** `experiment_attributions` as oli-torus has it in August 2026; `host_event_type` is what it was called in July. */
export const attributionViews: readonly View[] = [
  viewOf(
    'experiment_attributions_torus',
    'experiment_attributions with the types of oli-torus; host_event_type is its first name for raw_event_type',
    [
      ...same('raw_event_hash', 'attribution_hash'),
      ...[...lineage, insertedAt],
      ...same('raw_event_type'),
      ['host_event_type', 'raw_event_type'],
      time,
      ...same(...courseIds, 'enrollment_id'),
      ...['experiment_role', 'attribution_type'].map((name): Column => [
        name,
        `CAST(ifNull(${name}, ''), 'LowCardinality(String)')`,
      ]),
      ...same('experiment_id', 'experiment_uuid', 'decision_point_id', 'decision_point_key'),
      ...same('condition_id', 'condition_code', 'assignment_id', 'assignment_key'),
      [
        'assignment_scope',
        "CAST(ifNull(assignment_scope, 'intervention'), 'LowCardinality(String)')",
      ],
      ...same('algorithm', 'policy_version', 'algorithm_version', 'idempotency_key'),
      ['idempotency_key_hash', 'lower(hex(SHA256(idempotency_key)))'],
      ...same('content_revision_id', 'intervention_id', 'intervention_key'),
      ...same('assessment_binding_id', 'assessment_page_resource_id', 'resource_attempt_id'),
      ...same('disposition', 'reward_threshold', 'normalized_score', 'page_revision_id'),
      ...same('outcome_id', 'reward_id', 'reward_value', 'reward_source'),
      ...same('policy_update_reason', 'previous_policy_state_hash', 'next_policy_state_hash'),
      ['assigned_at', "toDateTime64(assigned_at, 3, 'UTC')"],
    ],
  ),
]
