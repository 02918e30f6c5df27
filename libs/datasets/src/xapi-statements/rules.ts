import { isAbsent, isObject, writeJson } from '../json.ts'
import type { Path } from '../path.ts'
import { pathText, valueAt } from '../path.ts'
import type { Read } from '../read.ts'
import { readLanguageMap, readTextOrJson } from '../read.ts'
import type { Derive, Facts, Rule } from '../rule.ts'
import { isUuid, uuidOfHash } from '../uuid.ts'
import { agentIdOf } from './actor.ts'

/** A statement with what its columns share. */
export interface StatementFacts extends Facts {
  readonly hash: string
  readonly micros: number
  /** The statement as received, where the reader knows it. */
  readonly text: string | undefined
}

type StatementRule = Rule<StatementFacts>

const column = (
  name: string,
  type: StatementRule['type'],
  description: string,
  from: StatementRule['from'],
  settings: Partial<Pick<StatementRule, 'read' | 'nullable'>> = {},
): StatementRule => ({ name, type, nullable: true, description, from, ...settings })

const always = { nullable: false } as const
const ignore = (): void => undefined

const statementId: Derive<StatementFacts> = ({ record, hash }, rescue) => {
  const id = record['id']
  if (typeof id === 'string' && isUuid(id)) return id.toLowerCase()
  if (!isAbsent(id)) rescue('id', id)
  return uuidOfHash(hash)
}

const actorId: Derive<StatementFacts> = ({ record }, rescue) => {
  const actor = valueAt(record, ['actor'], rescue)
  const id = agentIdOf(actor)
  // An anonymous group has no identifier: the statement still holds its members.
  const anonymous = isObject(actor) && actor['objectType'] === 'Group'
  if (id === undefined && actor !== undefined && !anonymous) rescue('actor', actor)
  return id ?? null
}

/** An activity, statement reference or sub-statement has an id or none; an agent as object is named like an actor. */
const objectId: Derive<StatementFacts> = ({ record }, rescue) => {
  const id = valueAt(record, ['object', 'id'], rescue)
  if (typeof id === 'string') return id
  if (id !== undefined) rescue('object.id', id)
  return agentIdOf(valueAt(record, ['object'], ignore)) ?? null
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

const objectType: Derive<StatementFacts> = ({ record }, rescue) => {
  const path: Path = ['object', 'objectType']
  const type = valueAt(record, path, rescue)
  if (typeof type === 'string') return type
  if (type !== undefined) rescue(pathText(path), type)
  // What an object without objectType is, by the xAPI specification.
  return isObject(record['object']) ? 'Activity' : null
}

export const statementRules: readonly StatementRule[] = [
  column('id', 'text', 'Statement id (UUID), else UUIDv5 of event_hash', statementId, always),
  column('timestamp', 'timestamp', 'timestamp, else stored', ({ micros }) => micros, always),
  column('stored', 'timestamp', 'When the learning record store stored it', [['stored']]),
  column('version', 'category', 'xAPI version', [['version']]),
  column('actor_type', 'category', 'Agent or Group, as sent', [['actor', 'objectType']]),
  column(
    'actor_id',
    'text',
    'Identifier of the actor: mbox::…, mbox_sha1sum::…, openid::… or account::<name>@<home page>',
    actorId,
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
    'object_type',
    'category',
    'Activity, Agent, Group, StatementRef or SubStatement',
    objectType,
  ),
  column('object_id', 'text', 'Id of the object; identifier of an agent or group', objectId),
  column(
    'object_name',
    'text',
    'Name of the object, English where there is it',
    [['object', 'definition', 'name']],
    languageMap,
  ),
  column('object_activity_type', 'category', 'Type of the activity', [
    ['object', 'definition', 'type'],
  ]),
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
  column('context_registration', 'text', 'Registration', [['context', 'registration']]),
  column('context_platform', 'category', 'Platform', [['context', 'platform']]),
  column('context_language', 'category', 'Language', [['context', 'language']]),
  activityIds('parent'),
  activityIds('grouping'),
  activityIds('category'),
  activityIds('other'),
  column('context_extensions', 'json', 'Extensions of the context', [['context', 'extensions']]),
  column('authority', 'json', 'Who vouches for the statement', [['authority']]),
  column(
    'statement',
    'json',
    'The whole statement, as received',
    ({ text, record }) => text ?? writeJson(record),
    always,
  ),
  column('event_hash', 'text', 'Lower-hex SHA-256 of the line', ({ hash }) => hash, always),
]
