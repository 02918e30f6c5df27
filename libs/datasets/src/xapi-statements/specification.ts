import { isAbsent, isObject, type JsonObject } from '../json.ts'
import { readFloat64 } from '../read.ts'
import type { Walk } from './breach.ts'
import * as is from './check.ts'
import type { Check } from './check.ts'
import { activity } from './activity.ts'
import { agentKinds, identifiersOf } from './actor.ts'

const account = is.object({ homePage: is.iri, name: is.text }, ['homePage', 'name'])

const agentProperties = {
  objectType: is.oneOf('object_type', agentKinds),
  name: is.text,
  mbox: is.mailto,
  mbox_sha1sum: is.sha1,
  openid: is.iri,
  account,
}

const isGroup = (value: JsonObject): boolean => value['objectType'] === 'Group'

const member = is.object(agentProperties, [], (agent, walk) => {
  if (isGroup(agent)) walk.noteAt('objectType', 'object_type')
  else if (identifiersOf(agent) !== 1) walk.note('identifier')
})

const actor = is.object({ ...agentProperties, member: is.list(member) }, [], (agent, walk) => {
  const identifiers = identifiersOf(agent)
  if (!isGroup(agent)) {
    if (identifiers !== 1) walk.note('identifier')
    if (agent['member'] !== undefined) walk.noteAt('member', 'unknown_property')
  } else if (identifiers > 1) walk.note('identifier')
  else if (identifiers === 0 && agent['member'] === undefined) walk.noteAt('member', 'missing')
})

const agentOnly: Check = (value, walk) => {
  actor(value, walk)
  if (isObject(value) && isGroup(value)) walk.noteAt('objectType', 'object_type')
}

const groupOnly: Check = (value, walk) => {
  actor(value, walk)
  if (isObject(value) && !isGroup(value)) walk.noteAt('objectType', 'object_type')
}

const authority: Check = (value, walk) => {
  actor(value, walk)
  if (!isObject(value) || !isGroup(value)) return
  const members = value['member']
  if (!Array.isArray(members) || members.length !== 2) walk.note('authority')
}

const verb = is.object({ id: is.iri, display: is.languageMap }, ['id'])

const statementRef = is.object(
  { objectType: is.oneOf('object_type', ['StatementRef']), id: is.uuid },
  ['objectType', 'id'],
)

const score = is.object(
  { scaled: is.number, raw: is.number, min: is.number, max: is.number },
  [],
  (score, walk) => {
    const [scaled, raw, min, max] = ['scaled', 'raw', 'min', 'max'].map(
      (name) =>
        (isAbsent(score[name]) ? undefined : readFloat64(score[name])) as number | undefined,
    )
    if (scaled !== undefined && Math.abs(scaled) > 1) walk.noteAt('scaled', 'range')
    if (raw !== undefined && (raw < (min ?? raw) || raw > (max ?? raw))) walk.noteAt('raw', 'range')
    if (min !== undefined && max !== undefined && min >= max) walk.noteAt('min', 'range')
  },
)

const result = is.object({
  score,
  success: is.flag,
  completion: is.flag,
  response: is.text,
  duration: is.duration,
  extensions: is.extensions,
})

const activities = is.oneOrList(activity)

const contextActivities = is.object(
  { parent: activities, grouping: activities, category: activities, other: activities },
  [],
  (context, walk) => {
    for (const _key in context) return
    walk.note('empty')
  },
)

/** Of xAPI 2.0: an agent or group with the part it plays. */
const related = (name: 'agent' | 'group', check: Check): Check => {
  const objectType = name === 'agent' ? 'contextAgent' : 'contextGroup'
  return is.object(
    {
      objectType: is.oneOf('object_type', [objectType]),
      [name]: check,
      relevantTypes: is.list(is.iri),
    },
    ['objectType', name],
  )
}

const context = is.object({
  registration: is.uuid,
  instructor: actor,
  team: groupOnly,
  contextActivities,
  contextAgents: is.list(related('agent', agentOnly)),
  contextGroups: is.list(related('group', groupOnly)),
  revision: is.text,
  platform: is.text,
  language: is.language,
  statement: statementRef,
  extensions: is.extensions,
})

const attachment = is.object(
  {
    usageType: is.iri,
    display: is.languageMap,
    description: is.languageMap,
    contentType: is.mediaType,
    length: is.wholeNumber,
    sha2: is.sha2,
    fileUrl: is.iri,
  },
  ['usageType', 'display', 'contentType', 'length', 'sha2'],
)

/** What an object without objectType is. */
const kindOf = (object: unknown): unknown =>
  isObject(object) ? (object['objectType'] ?? 'Activity') : undefined

const objectOf =
  (subStatement: Check): Check =>
  (value, walk) => {
    switch (kindOf(value)) {
      case 'Agent':
      case 'Group':
        return actor(value, walk)
      case 'StatementRef':
        return statementRef(value, walk)
      case 'SubStatement':
        return subStatement(value, walk)
      default:
        return activity(value, walk)
    }
  }

const voided = 'http://adlnet.gov/expapi/verbs/voided'

const checkTogether = (statement: JsonObject, walk: Walk): void => {
  const { context, object, verb } = statement
  const kind = kindOf(object)
  if (isObject(context) && kind !== 'Activity') {
    walk.enter('context')
    for (const name of ['revision', 'platform'])
      if (context[name] !== undefined) walk.noteAt(name, 'activity_only')
    walk.leave()
  }
  if (isObject(verb) && verb['id'] === voided && kind !== 'StatementRef')
    walk.noteAt('object', 'voiding')
}

const common = {
  verb,
  result,
  context,
  attachments: is.list(attachment),
  actor,
}
const parts = ['actor', 'verb', 'object'] as const

const subStatement = is.object(
  {
    ...common,
    objectType: is.oneOf('object_type', ['SubStatement']),
    object: objectOf((_value, walk) => walk.note('nesting')),
    timestamp: is.timestamp,
  },
  parts,
  checkTogether,
)

/** A whole statement; actor, verb, object and the time of which there are (`rejectionOf`, `recordTime`). */
export const statement = is.object(
  {
    ...common,
    id: is.uuid,
    object: objectOf(subStatement),
    timestamp: is.anything,
    stored: is.timestamp,
    authority,
    version: is.version,
  },
  [],
  checkTogether,
)
