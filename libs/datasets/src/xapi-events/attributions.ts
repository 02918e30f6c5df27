import { hash } from 'node:crypto'
import type { Table, TableRow } from '@silversmith/core'
import { isObject, writeJson } from '../json.ts'
import { type Path, valueAt } from '../path.ts'
import { type Compiled, compileRules, type Facts, type Rule } from '../rule.ts'
import { parseAsSent } from '../sent-number.ts'
import { canonicalJson } from './canonical-json.ts'
import type { EventType } from './event-type.ts'
import { attributionsPath, type EventFacts, eventTableName } from './rules.ts'
import { attributionViews } from './upstream-views.ts'

const name = 'experiment_attributions'

/** A record with more is not what the producer sends: its rows would fill the memory. */
export const attributionsMax = 1_000

/** One attribution, and the event whose list holds it. */
interface AttributionFacts extends Facts {
  readonly eventHash: string
  readonly attributionHash: string
  readonly micros: number
  readonly eventType: EventType
}

type AttributionRule = Rule<AttributionFacts>
type Type = AttributionRule['type']

const column = (
  name: string,
  type: Type,
  description: string,
  from: AttributionRule['from'] = [[name]],
): AttributionRule => ({ name, type, nullable: true, description, from })

const always = (
  name: string,
  type: Type,
  description: string,
  from: AttributionRule['from'],
): AttributionRule => ({ ...column(name, type, description, from), nullable: false })

const spelled = (...names: readonly string[]): readonly Path[] => [[names]]

const eventRules: readonly AttributionRule[] = [
  always('raw_event_hash', 'text', 'event_hash of the event', ({ eventHash }) => eventHash),
  always(
    'attribution_hash',
    'text',
    "Lower-hex SHA-256 of raw_event_hash, a colon and the attribution's JSON with sorted keys",
    ({ attributionHash }) => attributionHash,
  ),
  always('raw_event_type', 'category', 'event_type of the event', ({ eventType }) => eventType),
  always('timestamp', 'timestamp', 'Time of the event', ({ micros }) => micros),
]

const scopeRules: readonly AttributionRule[] = [
  column('section_id', 'uint64', 'Course section'),
  column('project_id', 'uint64', 'Authoring project'),
  column('publication_id', 'uint64', 'Publication of the project'),
  column('enrollment_id', 'uint64', 'Enrolment'),
]

const experimentRules: readonly AttributionRule[] = [
  column(
    'experiment_role',
    'category',
    'assignment, exposure, outcome, reward, rollup, media_interaction or policy_update',
    spelled('role', 'experiment_role'),
  ),
  column('attribution_type', 'category', 'What a rollup or an interaction is derived from'),
  column('experiment_id', 'uint64', 'Experiment'),
  column('experiment_uuid', 'text', 'Experiment, over all servers'),
  column('decision_point_id', 'uint64', 'Decision point; not sent since August 2026'),
  column('decision_point_key', 'text', 'Decision point; not sent since August 2026'),
  column('condition_id', 'uint64', 'Condition the learner is in'),
  column('condition_code', 'text', 'Its code'),
  column('assignment_id', 'uint64', 'Assignment of the learner to it'),
  column('assignment_key', 'text', 'Its key'),
  column('assignment_scope', 'category', 'intervention or section_enrollment'),
  column('assigned_at', 'timestamp', 'When the learner was assigned'),
  column('algorithm', 'category', 'What assigned', [['algorithm'], ['assigned_by_policy']]),
  column('policy_version', 'category', 'Version of that policy'),
  column('algorithm_version', 'category', 'Version of the algorithm'),
  column('idempotency_key', 'text', "The producer's key", spelled('idempotency_key', 'key')),
  column('content_revision_id', 'uint64', 'Revision of the content shown'),
  column('intervention_id', 'uint64', 'Intervention'),
  column('intervention_key', 'text', 'Its key'),
]

const rewardRules: readonly AttributionRule[] = [
  column('assessment_binding_id', 'uint64', 'Binding of the assessment'),
  column('assessment_page_resource_id', 'uint64', 'Page of the assessment'),
  column('resource_attempt_id', 'uint64', 'Attempt of that page'),
  column('page_revision_id', 'uint64', 'Revision of that page'),
  column('disposition', 'category', 'What became of the reward'),
  column('outcome_id', 'text', 'Outcome'),
  column('reward_id', 'text', 'Reward'),
  column('reward_value', 'float64', 'Value of the reward; the score of the event is never taken'),
  column('reward_source', 'category', 'Where the reward comes from'),
  column('reward_threshold', 'float64', 'Score from which on there is a reward'),
  column('normalized_score', 'float64', 'Score as a share of the highest'),
  column('policy_update_reason', 'category', 'Why the policy was changed'),
  column('previous_policy_state_hash', 'text', 'State of the policy before'),
  column('next_policy_state_hash', 'text', 'State of the policy after'),
  column('recorded_at', 'timestamp', 'When the producer recorded it'),
  always('attribution', 'json', 'The whole attribution', ({ record }) => writeJson(record)),
]

const compiled: Compiled<AttributionFacts> = compileRules([
  ...eventRules,
  ...scopeRules,
  ...experimentRules,
  ...rewardRules,
])

export const attributionsTable: Table = {
  name,
  beside: eventTableName,
  description:
    'Experiments that events of OLI Torus count for, one row per attribution; paths are those within it',
  columns: compiled.columns,
  paths: compiled.paths,
  orderBy: ['experiment_id', 'timestamp'],
  indexes: [
    { column: 'raw_event_hash', type: 'bloom_filter', granularity: 4 },
    { column: 'experiment_uuid', type: 'bloom_filter', granularity: 4 },
  ],
  views: attributionViews,
}

const ignore = (): void => undefined

/**
 * A row for each object in the list of attributions, in its order; what is no object stays in the event's own column only.
 * `text`: of the whole record, where it is known.
 */
export const attributionRows = (
  list: readonly unknown[],
  { hash: eventHash, micros, eventType }: EventFacts,
  text: string | undefined,
): readonly TableRow[] => {
  const sent = text === undefined ? list : valueAt(parseAsSent(text), attributionsPath, ignore)
  return list.flatMap((record, at): readonly TableRow[] => {
    if (!isObject(record)) return []
    const canonical = canonicalJson(Array.isArray(sent) ? sent[at] : record)
    const attributionHash = hash('sha256', `${eventHash}:${canonical}`, 'hex')
    const values = compiled.write({ record, eventHash, attributionHash, micros, eventType })
    return [{ table: name, timeMicros: micros, values }]
  })
}
