import type { JsonObject } from '../json.ts'
import { type Path, valueAt } from '../path.ts'

/** What an OLI Torus statement tells of; `unknown` for a pair of verb and type that is not in the list. */
export type EventType =
  | 'video'
  | 'activity_attempt'
  | 'page_attempt'
  | 'part_attempt'
  | 'page_viewed'
  | 'tutor_message'
  | 'experiment_condition_assigned'
  | 'unknown'

const oli = ['http://oli.cmu.edu/extensions/', 'https://oli.cmu.edu/extensions/']

/** Verbs that decide alone; `experienced` is what old players sent. */
const byVerb: ReadonlyMap<string, EventType> = new Map([
  ['https://w3id.org/xapi/video/verbs/played', 'video'],
  ['https://w3id.org/xapi/video/verbs/paused', 'video'],
  ['https://w3id.org/xapi/video/verbs/seeked', 'video'],
  ['https://w3id.org/xapi/video/verbs/completed', 'video'],
  ['http://adlnet.gov/expapi/verbs/experienced', 'video'],
  ...oli.map(
    (prefix) =>
      [`${prefix}verbs/experiment_condition_assigned`, 'experiment_condition_assigned'] as const,
  ),
])

const completed = 'http://adlnet.gov/expapi/verbs/completed'

/** Verb → type of the object → what it is. */
const byVerbAndType: ReadonlyMap<string, ReadonlyMap<string, EventType>> = new Map([
  [
    completed,
    new Map<string, EventType>([
      ['http://adlnet.gov/expapi/activities/question', 'part_attempt'],
      ...oli.map((prefix) => [`${prefix}activity_attempt`, 'activity_attempt'] as const),
      ...oli.map((prefix) => [`${prefix}page_attempt`, 'page_attempt'] as const),
    ]),
  ],
  [
    'http://id.tincanapi.com/verb/viewed',
    new Map(oli.map((prefix) => [`${prefix}types/page`, 'page_viewed'])),
  ],
  [
    'http://activitystrea.ms/schema/1.0/create',
    new Map(oli.map((prefix) => [`${prefix}tutor_message`, 'tutor_message'])),
  ],
])

/** What decides. */
export const verbPath: Path = ['verb', 'id']
export const typePath: Path = ['object', 'definition', 'type']

const ignore = (): void => undefined

export const eventTypeOf = (record: JsonObject): EventType => {
  const verb = valueAt(record, verbPath, ignore)
  if (typeof verb !== 'string') return 'unknown'
  const known = byVerb.get(verb)
  if (known) return known
  const type = valueAt(record, typePath, ignore)
  return (typeof type === 'string' && byVerbAndType.get(verb)?.get(type)) || 'unknown'
}
