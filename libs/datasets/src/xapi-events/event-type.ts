import type { JsonObject } from '../json.ts'
import { valueAt } from '../path.ts'

/** What an OLI Torus statement tells of; `unknown` for a pair of verb and type that is not in the list. */
export type EventType =
  | 'video'
  | 'activity_attempt'
  | 'page_attempt'
  | 'part_attempt'
  | 'page_viewed'
  | 'tutor_message'
  | 'unknown'

/** Verbs that decide alone; `experienced` is what old players sent. */
const videoVerbs: ReadonlySet<unknown> = new Set([
  'https://w3id.org/xapi/video/verbs/played',
  'https://w3id.org/xapi/video/verbs/paused',
  'https://w3id.org/xapi/video/verbs/seeked',
  'https://w3id.org/xapi/video/verbs/completed',
  'http://adlnet.gov/expapi/verbs/experienced',
])

/** Verb, a blank, type of the object. */
const byVerbAndType: ReadonlyMap<string, EventType> = new Map([
  [
    'http://adlnet.gov/expapi/verbs/completed http://oli.cmu.edu/extensions/activity_attempt',
    'activity_attempt',
  ],
  [
    'http://adlnet.gov/expapi/verbs/completed http://oli.cmu.edu/extensions/page_attempt',
    'page_attempt',
  ],
  [
    'http://adlnet.gov/expapi/verbs/completed http://adlnet.gov/expapi/activities/question',
    'part_attempt',
  ],
  ['http://id.tincanapi.com/verb/viewed http://oli.cmu.edu/extensions/types/page', 'page_viewed'],
  [
    'http://activitystrea.ms/schema/1.0/create http://oli.cmu.edu/extensions/tutor_message',
    'tutor_message',
  ],
])

const ignore = (): void => undefined

export const eventTypeOf = (record: JsonObject): EventType => {
  const verb = valueAt(record, ['verb', 'id'], ignore)
  if (videoVerbs.has(verb)) return 'video'
  const type = valueAt(record, ['object', 'definition', 'type'], ignore)
  if (typeof verb !== 'string' || typeof type !== 'string') return 'unknown'
  const plainType = type.replace(/^https:\/\/oli\.cmu\.edu\//, 'http://oli.cmu.edu/')
  return byVerbAndType.get(`${verb} ${plainType}`) ?? 'unknown'
}
