import type { Path } from '../path.ts'
import { pathText, valueAt } from '../path.ts'
import { isAbsent, isObject } from '../json.ts'
import {
  readCount,
  readLanguageMap,
  readList,
  readPlainText,
  readText,
  readTextOrJson,
} from '../read.ts'
import type { Derive, Facts, Rule } from '../rule.ts'
import { uuidOfHash } from '../uuid.ts'
import { type EventType, typePath, verbPath } from './event-type.ts'
import { hostOf } from './host-name.ts'

export const eventTableName = 'raw_events'

/** A statement with what its columns share. */
export interface EventFacts extends Facts {
  readonly hash: string
  readonly micros: number
  readonly eventType: EventType
}

const videoPrefix = 'https://w3id.org/xapi/video/extensions/'

const spellings = (name: string): readonly string[] => [
  `http://oli.cmu.edu/extensions/${name}`,
  `https://oli.cmu.edu/extensions/${name}`,
]
const ext = (name: string): Path => ['context', 'extensions', spellings(name)]
/** Old producers left the prefix out. */
const resultExt = (name: string): Path => ['result', 'extensions', [...spellings(name), name]]
const video = (name: string): Path => ['result', 'extensions', `${videoPrefix}${name}`]

/** Where a statement holds its list of attributions. */
export const attributionsPath = ext('experiment_attributions')

type EventRule = Rule<EventFacts>
type Settings = Partial<Pick<EventRule, 'read' | 'reads' | 'nullable'>>

/** A column that may be null, read at the first of these paths that has a value. */
const column = (
  name: string,
  type: EventRule['type'],
  description: string,
  from: EventRule['from'],
  settings: Settings = {},
): EventRule => ({ name, type, nullable: true, description, from, ...settings })

const always: Settings = { nullable: false }

const ignore = (): void => undefined

const idFields = ['id', 'event_id'] as const

const eventId: Derive<EventFacts> = ({ record, hash }, rescue) => {
  for (const field of idFields) {
    const id = record[field]
    const text = typeof id === 'string' ? readPlainText(id) : undefined
    if (text !== undefined && text.trim() !== '') return text
    if (!isAbsent(id)) rescue(field, id)
  }
  return uuidOfHash(hash)
}

const userPaths: readonly Path[] = [
  ['actor', 'account', 'name'],
  ['actor', 'mbox'],
]

const userId: Derive<EventFacts> = ({ record }, rescue) => {
  for (const path of userPaths) {
    const found = valueAt(record, path, rescue)
    const id = found === undefined ? '' : readText(found)
    if (id === undefined) rescue(pathText(path), found)
    else if (id !== '') return id
  }
  return ''
}

const objectPath: Path = ['object', 'id']

/** The producer's own name of it; that of an address elsewhere has a column of its own. */
const hostNamePath = ext('host_name')
const addressPaths: readonly Path[] = [['actor', 'account', 'homePage'], objectPath]

/** Statements that follow each other mostly are of one host. */
let lastAddress = ''
let lastHost: string | undefined

const hostOfAddress = (address: string): string | undefined => {
  if (address !== lastAddress) {
    lastHost = hostOf(address)
    lastAddress = address
  }
  return lastHost
}

const hostName: Derive<EventFacts> = ({ record }, rescue) => {
  const named = valueAt(record, hostNamePath, ignore)
  const name = readPlainText(named)
  if (named !== undefined && name === undefined) rescue(pathText(hostNamePath), named)
  // Taken at its word where it is no address.
  if (name !== undefined && name.trim() !== '') return hostOfAddress(name) ?? name
  for (const path of addressPaths) {
    const address = valueAt(record, path, ignore)
    const host = typeof address === 'string' ? hostOfAddress(address) : undefined
    if (host !== undefined) return host
  }
  return ''
}

/** Video statements carry the page as `resource_id`. */
const pagePaths: readonly Path[] = [ext('page_id'), ext('resource_id')]

const videoUrl: Derive<EventFacts> = ({ record, eventType }) => {
  const id = eventType === 'video' ? valueAt(record, objectPath, ignore) : undefined
  return readPlainText(id) ?? null
}

const titlePath: Path = ['object', 'definition', 'name']

const videoTitle: Derive<EventFacts> = ({ record, eventType }, rescue) => {
  const name = eventType === 'video' ? valueAt(record, titlePath, rescue) : undefined
  if (name === undefined) return null
  const title = readLanguageMap(name)
  if (title === undefined) rescue(pathText(titlePath), name)
  return title ?? null
}

const responsePaths: readonly Path[] = [
  ['result', 'response', 'input'],
  ['result', 'response'],
]
const inputName = 'result.response.input'

/** The learner's input as it is where it is text, else as JSON; a response without input as a whole. */
const response: Derive<EventFacts> = ({ record }, rescue) => {
  const found = valueAt(record, ['result', 'response'], rescue)
  if (found === undefined) return null
  const input = isObject(found) ? found['input'] : undefined
  const [name, value] = isAbsent(input) ? ['result.response', found] : [inputName, input]
  const text = readTextOrJson(value)
  if (text === undefined) rescue(name, value)
  return text ?? null
}

const identityRules: readonly EventRule[] = [
  column('event_id', 'text', 'Statement id, else UUIDv5 of event_hash', eventId, {
    ...always,
    reads: idFields.map((field) => [field]),
  }),
  column('user_id', 'text', 'Name of the account of the actor, else mbox, else empty', userId, {
    ...always,
    reads: userPaths,
  }),
  column(
    'host_name',
    'category',
    'Extension host_name, else host of the home page, else host of the object id, else empty',
    hostName,
    { ...always, reads: [hostNamePath, ...addressPaths] },
  ),
  column('section_id', 'uint64', 'Course section', [ext('section_id')]),
  column('project_id', 'uint64', 'Authoring project', [ext('project_id')]),
  column('publication_id', 'uint64', 'Publication of the project', [ext('publication_id')]),
  column('timestamp', 'timestamp', 'Time of the event', ({ micros }) => micros, {
    ...always,
    reads: [['timestamp']],
  }),
  column(
    'event_type',
    'category',
    'video, activity_attempt, page_attempt, part_attempt, page_viewed, tutor_message, experiment_condition_assigned or unknown',
    ({ eventType }) => eventType,
    { ...always, reads: [verbPath, typePath] },
  ),
  column('page_id', 'uint64', 'Page; of videos resource_id', pagePaths),
]

const videoRules: readonly EventRule[] = [
  column('content_element_id', 'text', 'Element of the page', [
    resultExt('content_element_id'),
    ext('content_element_id'),
  ]),
  column('video_url', 'text', 'Object id of video events', videoUrl, { reads: [objectPath] }),
  column('video_time', 'float64', 'Position, seconds', [video('time')]),
  column('video_length', 'float64', 'Length, seconds', [
    video('length'),
    ['context', 'extensions', `${videoPrefix}length`],
    ['object', 'definition', 'extensions', `${videoPrefix}length`],
  ]),
  column('video_progress', 'float64', 'Share played, 0 to 1', [video('progress')]),
  column('video_played_segments', 'text', 'start[.]end joined by [,]', [video('played-segments')], {
    read: readTextOrJson,
  }),
  column('video_play_time', 'float64', 'Time played, seconds', [resultExt('video_play_time')]),
  column('video_seek_from', 'float64', 'Position before the seek, seconds', [video('time-from')]),
  column('video_seek_to', 'float64', 'Position after the seek, seconds', [video('time-to')]),
]

const attemptRules: readonly EventRule[] = [
  column('activity_attempt_guid', 'text', 'Attempt of the activity', [
    ext('activity_attempt_guid'),
  ]),
  column('activity_attempt_number', 'uint32', 'Its number', [ext('activity_attempt_number')]),
  column('page_attempt_guid', 'text', 'Attempt of the page; null for intro videos', [
    ext('page_attempt_guid'),
  ]),
  column('page_attempt_number', 'uint32', 'Its number', [ext('page_attempt_number')]),
  column('part_attempt_guid', 'text', 'Attempt of the part', [ext('part_attempt_guid')]),
  column('part_attempt_number', 'uint32', 'Its number', [ext('part_attempt_number')]),
  column('activity_id', 'uint64', 'Activity', [ext('activity_id')]),
  column('activity_revision_id', 'uint64', 'Revision of the activity', [
    ext('activity_revision_id'),
  ]),
  column('part_id', 'text', 'Part of the activity', [ext('part_id')]),
  column('page_sub_type', 'category', 'basic or advanced', [['object', 'definition', 'subType']]),
]

const resultRules: readonly EventRule[] = [
  column('score', 'float64', 'Raw score', [['result', 'score', 'raw']]),
  column('out_of', 'float64', 'Highest score possible', [['result', 'score', 'max']]),
  column('scaled_score', 'float64', 'Score as a share of the highest', [
    ['result', 'score', 'scaled'],
  ]),
  column('success', 'boolean', 'As sent: true for every attempt, not correctness', [
    ['result', 'success'],
  ]),
  column('completion', 'boolean', 'As sent', [['result', 'completion']]),
  column('response', 'text', 'Input of the response; JSON text when it is not text', response, {
    reads: responsePaths,
  }),
  column('feedback', 'text', 'Feedback; JSON text when it is not text', [resultExt('feedback')], {
    read: readTextOrJson,
  }),
  column('hints_requested', 'uint32', 'Number of hints', [ext('hints_requested')], {
    read: readCount,
  }),
  column(
    'attached_objectives',
    'text',
    'JSON text of the list of objectives',
    [ext('attached_objectives')],
    { read: readTextOrJson },
  ),
  column('session_id', 'text', 'Session', [ext('session_id')]),
  column('event_hash', 'text', 'Lower-hex SHA-256 of the line', ({ hash }) => hash, always),
]

/** What seed systems dropped on the way. */
const addedRules: readonly EventRule[] = [
  column('home_page', 'category', 'Home page of the account, as sent', [
    ['actor', 'account', 'homePage'],
  ]),
  column('verb_id', 'category', 'Verb', [['verb', 'id']]),
  column('object_id', 'text', 'Object id, as sent', [['object', 'id']]),
  column('video_title', 'text', 'Name of the object of video events', videoTitle, {
    reads: [titlePath],
  }),
  column('video_completion_threshold', 'float64', 'Share that counts as completed', [
    ['context', 'extensions', `${videoPrefix}completion-threshold`],
  ]),
  column('registration', 'text', 'Registration of video events', [
    ['registration'],
    ['context', 'registration'],
  ]),
  column('enrollment_id', 'uint64', 'Enrolment', [ext('enrollment_id')]),
  column('tutor_message', 'text', 'Text of a tutor message', [['result', 'message']], {
    read: readTextOrJson,
  }),
  column(
    'experiment_attributions',
    'json',
    'Experiments the event counts for, as sent; one row each in the table of that name',
    [attributionsPath],
    { read: readList },
  ),
]

export const eventRules: readonly EventRule[] = [
  ...identityRules,
  ...videoRules,
  ...attemptRules,
  ...resultRules,
  ...addedRules,
]
