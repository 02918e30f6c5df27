import { isAbsent, isObject, writeJson } from '../json.ts'
import type { Path } from '../path.ts'
import { pathText, valueAt } from '../path.ts'
import type { Read } from '../read.ts'
import {
  readJson,
  readLanguageMap,
  readList,
  readPlainText,
  readText,
  readTextOrJson,
} from '../read.ts'
import type { Derive, Facts, Rule } from '../rule.ts'
import { isUuid, uuidOfHash } from '../uuid.ts'
import { agentIdOf } from './actor.ts'
import type { Breach } from './breach.ts'

/** A statement with what its columns share. */
export interface StatementFacts extends Facts {
  readonly hash: string
  readonly micros: number
  /** The statement as received, where the reader knows it. */
  readonly text: string | undefined
  readonly breaches: readonly Breach[] | undefined
}

type StatementRule = Rule<StatementFacts>

const column = (
  name: string,
  type: StatementRule['type'],
  description: string,
  from: StatementRule['from'],
  settings: Partial<Pick<StatementRule, 'read' | 'reads' | 'nullable'>> = {},
): StatementRule => ({ name, type, nullable: true, description, from, ...settings })

const always = { nullable: false } as const
const ignore = (): void => undefined

const statementId: Derive<StatementFacts> = ({ record, hash }, rescue) => {
  const id = record['id']
  if (typeof id === 'string' && isUuid(id)) return id.toLowerCase()
  if (!isAbsent(id)) rescue('id', id)
  return uuidOfHash(hash)
}

/** An anonymous group has no identifier, but members. */
const readAgentId: Read = (agent) => {
  const id = agentIdOf(agent)
  if (id !== undefined || !isObject(agent) || agent['objectType'] !== 'Group') return id
  return Array.isArray(agent['member']) ? null : undefined
}

const agentId = (name: string, description: string, path: Path): StatementRule =>
  column(name, 'text', description, [path], { read: readAgentId })

/** As the column `id` has it, so that the two can be joined. */
const statementIdOf = (id: string): string => (isUuid(id) ? id.toLowerCase() : id)

const readStatementId: Read = (value) => {
  const id = readText(value)
  return id === undefined ? undefined : statementIdOf(id)
}

/** An activity or statement reference has an id; an agent as object is named like an actor. */
const objectIdAt =
  (path: Path): Derive<StatementFacts> =>
  ({ record }, rescue) => {
    const object = valueAt(record, path, rescue)
    const found = isObject(object) ? object['id'] : undefined
    const id = readPlainText(found)
    if (id !== undefined)
      return isObject(object) && object['objectType'] === 'StatementRef' ? statementIdOf(id) : id
    if (!isAbsent(found)) rescue(`${pathText(path)}.id`, found)
    return agentIdOf(object) ?? null
  }

const objectTypeAt =
  (path: Path): Derive<StatementFacts> =>
  ({ record }, rescue) => {
    const object = valueAt(record, path, ignore)
    const type = isObject(object) ? object['objectType'] : undefined
    if (!isAbsent(type) && readPlainText(type) === undefined)
      rescue(`${pathText(path)}.objectType`, type)
    // What an object without objectType is, by the specification.
    return readPlainText(type) ?? (isObject(object) ? 'Activity' : null)
  }

const actorType: Derive<StatementFacts> = ({ record }, rescue) => {
  const type = valueAt(record, ['actor', 'objectType'], ignore)
  if (type !== undefined && readPlainText(type) === undefined) rescue('actor.objectType', type)
  return readPlainText(type) ?? 'Agent'
}

/** Identifiers of the members of a group, as a JSON list. */
const readMemberIds: Read = (members) => {
  const ids = Array.isArray(members) ? members.map(agentIdOf) : [undefined]
  return ids.every((id) => id !== undefined) ? writeJson(ids) : undefined
}

/** Ids of one activity or of a list of them, as a JSON list. */
const readActivityIds: Read = (value) => {
  const activities = Array.isArray(value) ? value : [value]
  const ids = activities.map((activity) => (isObject(activity) ? activity['id'] : undefined))
  return ids.every((id) => typeof id === 'string') ? writeJson(ids) : undefined
}

const activityIds = (relation: string): StatementRule =>
  column(
    `context_${relation}_ids`,
    'json',
    `Ids of the ${relation} activities of the context, as a JSON list`,
    [['context', 'contextActivities', relation]],
    { read: readActivityIds },
  )

const score = (name: string): StatementRule =>
  column(`result_score_${name}`, 'float64', `Score, ${name}`, [['result', 'score', name]])

const languageMap = { read: readLanguageMap }

const json = { read: readJson }
const jsonList = { read: readList }
const subObject: Path = ['object', 'object']
const identifier =
  'mbox::…, mbox_sha1sum::…, openid::… or account::<name>@<home page>; null for a group without'

const whoRules: readonly StatementRule[] = [
  column('id', 'text', 'Statement id (UUID), else UUIDv5 of event_hash', statementId, {
    ...always,
    reads: [['id']],
  }),
  column('timestamp', 'timestamp', 'timestamp, else stored', ({ micros }) => micros, {
    ...always,
    reads: [['timestamp'], ['stored']],
  }),
  column('stored', 'timestamp', 'When the learning record store stored it', [['stored']]),
  column('version', 'category', 'xAPI version', [['version']]),
  column('actor_type', 'category', 'Agent or Group; Agent where it is not said', actorType, {
    reads: [['actor', 'objectType']],
  }),
  agentId('actor_id', `Identifier of the actor: ${identifier}`, ['actor']),
  column('actor_name', 'text', 'Name of the actor', [['actor', 'name']]),
  column(
    'actor_member_ids',
    'json',
    'Identifiers of the members of a group, as a JSON list',
    [['actor', 'member']],
    { read: readMemberIds },
  ),
  column('account_name', 'text', 'Name of the account of the actor', [
    ['actor', 'account', 'name'],
  ]),
  column('account_home_page', 'category', 'Home page of the account', [
    ['actor', 'account', 'homePage'],
  ]),
  column('verb_id', 'category', 'Verb', [['verb', 'id']]),
  column(
    'verb_display',
    'category',
    'Verb for people, English where there is it',
    [['verb', 'display']],
    languageMap,
  ),
  column(
    'verb_display_languages',
    'json',
    'Verb for people, language → text',
    [['verb', 'display']],
    { read: writeJson },
  ),
]

const objectRules: readonly StatementRule[] = [
  column(
    'object_type',
    'category',
    'Activity, Agent, Group, StatementRef or SubStatement',
    objectTypeAt(['object']),
    { reads: [['object', 'objectType']] },
  ),
  column(
    'object_id',
    'text',
    'Id of the activity or statement; identifier of an agent or group',
    objectIdAt(['object']),
    { reads: [['object', 'id'], ['object']] },
  ),
  column(
    'object_name',
    'text',
    'Name of the object, English where there is it',
    [['object', 'definition', 'name']],
    languageMap,
  ),
  column(
    'object_description',
    'text',
    'Description of the object, English where there is it',
    [['object', 'definition', 'description']],
    languageMap,
  ),
  column('object_activity_type', 'category', 'Type of the activity', [
    ['object', 'definition', 'type'],
  ]),
  column('object_interaction_type', 'category', 'Type of the interaction', [
    ['object', 'definition', 'interactionType'],
  ]),
  column(
    'object_definition',
    'json',
    'Definition of the activity: names in all languages, interaction, extensions',
    [['object', 'definition']],
    json,
  ),
  agentId('sub_actor_id', 'Actor of the sub-statement, as actor_id', ['object', 'actor']),
  column('sub_verb_id', 'category', 'Verb of the sub-statement', [['object', 'verb', 'id']]),
  column(
    'sub_object_type',
    'category',
    'As object_type, of the sub-statement',
    objectTypeAt(subObject),
    { reads: [[...subObject, 'objectType']] },
  ),
  column('sub_object_id', 'text', 'As object_id, of the sub-statement', objectIdAt(subObject), {
    reads: [[...subObject, 'id'], subObject],
  }),
]

const resultRules: readonly StatementRule[] = [
  column('result_success', 'boolean', 'Success', [['result', 'success']]),
  column('result_completion', 'boolean', 'Completion', [['result', 'completion']]),
  score('scaled'),
  score('raw'),
  score('min'),
  score('max'),
  column('result_duration', 'text', 'ISO 8601 duration, as sent', [['result', 'duration']]),
  column(
    'result_response',
    'text',
    'Response; JSON text when it is not text',
    [['result', 'response']],
    { read: readTextOrJson },
  ),
  column('result_extensions', 'json', 'Extensions of the result', [['result', 'extensions']]),
]

const contextRules: readonly StatementRule[] = [
  column('context_registration', 'text', 'Registration', [['context', 'registration']]),
  agentId('context_instructor_id', 'Instructor, as actor_id', ['context', 'instructor']),
  agentId('context_team_id', 'Team, as actor_id', ['context', 'team']),
  column(
    'context_statement_id',
    'text',
    'Statement that is to be considered as context',
    [['context', 'statement', 'id']],
    { read: readStatementId },
  ),
  column('context_revision', 'text', 'Revision of the activity', [['context', 'revision']]),
  column('context_platform', 'category', 'Platform', [['context', 'platform']]),
  column('context_language', 'category', 'Language', [['context', 'language']]),
  activityIds('parent'),
  activityIds('grouping'),
  activityIds('category'),
  activityIds('other'),
  column(
    'context_agents',
    'json',
    'Agents of the context (xAPI 2.0), as a JSON list',
    [['context', 'contextAgents']],
    jsonList,
  ),
  column(
    'context_groups',
    'json',
    'Groups of the context (xAPI 2.0), as a JSON list',
    [['context', 'contextGroups']],
    jsonList,
  ),
  column('context_extensions', 'json', 'Extensions of the context', [['context', 'extensions']]),
]

const wholeRules: readonly StatementRule[] = [
  column('authority', 'json', 'Who vouches for the statement', [['authority']]),
  column(
    'attachments',
    'json',
    'Metadata of the attachments, as a JSON list',
    [['attachments']],
    jsonList,
  ),
  column(
    'breaches',
    'json',
    'What breaches the xAPI specification, null when nothing does: [{"rule", "path"}], the first 20',
    ({ breaches }) => (breaches ? writeJson(breaches) : null),
  ),
  column(
    'statement',
    'json',
    'The whole statement, as received',
    ({ text, record }) => text ?? writeJson(record),
    always,
  ),
  column('event_hash', 'text', 'Lower-hex SHA-256 of the line', ({ hash }) => hash, always),
]

export const statementRules: readonly StatementRule[] = [
  ...whoRules,
  ...objectRules,
  ...resultRules,
  ...contextRules,
  ...wholeRules,
]
