import type { Rejection } from '@silversmith/core'
import { isAbsent, isObject, type JsonObject } from '../json.ts'
import { agentKinds, identifiersOf } from './actor.ts'

/** Why `rejectionOf` rejects. */
export const partRejections = {
  actor_missing: 'no actor',
  actor_invalid:
    'the actor is no object, or an agent without mbox, mbox_sha1sum, openid and account, or a group without those and members',
  verb_missing: 'no verb',
  verb_invalid: 'the verb is no object, or its id no text',
  object_missing: 'no object',
  object_invalid:
    'the object is none in JSON, or its id no text; or an agent or group as above; or a sub-statement without one of the three',
} as const

/**
 * A statement says who did what to what: without one of the three it is none. `<part>_missing`: it is not there;
 * `<part>_invalid`: it is no object, or nothing in it says which. All else that breaches the specification is noted only.
 */
export const rejectionOf = (statement: JsonObject): Rejection | undefined =>
  rejectActor(statement['actor'], 'actor', 'actor') ??
  rejectVerb(statement['verb'], 'verb', 'verb') ??
  rejectObject(statement['object'])

const reject = (part: string, path: string): Rejection => ({ reason: `${part}_invalid`, path })

const rejectActor = (actor: unknown, part: string, path: string): Rejection | undefined => {
  if (isAbsent(actor)) return { reason: `${part}_missing`, path }
  if (!isObject(actor)) return reject(part, path)
  const isSome = identifiersOf(actor) > 0 || (isGroup(actor) && Array.isArray(actor['member']))
  return isSome ? undefined : reject(part, path)
}

const isGroup = (actor: JsonObject): boolean => actor['objectType'] === 'Group'

const rejectVerb = (verb: unknown, part: string, path: string): Rejection | undefined => {
  if (isAbsent(verb)) return { reason: `${part}_missing`, path }
  if (!isObject(verb)) return reject(part, path)
  return isName(verb['id']) ? undefined : reject(part, `${path}.id`)
}

const isName = (id: unknown): boolean => typeof id === 'string' && id.trim() !== ''

const rejectObject = (object: unknown): Rejection | undefined => {
  if (isAbsent(object)) return { reason: 'object_missing', path: 'object' }
  if (!isObject(object)) return reject('object', 'object')
  const type = object['objectType']
  if (type === 'SubStatement') return rejectSubStatement(object)
  if (agentKinds.some((kind) => kind === type)) return rejectActor(object, 'object', 'object')
  return isName(object['id']) ? undefined : reject('object', 'object.id')
}

const rejectSubStatement = ({ actor, verb, object }: JsonObject): Rejection | undefined => {
  const found =
    rejectActor(actor, 'object', 'object.actor') ?? rejectVerb(verb, 'object', 'object.verb')
  if (found) return reject('object', found.path ?? 'object')
  return isObject(object) ? undefined : reject('object', 'object.object')
}
