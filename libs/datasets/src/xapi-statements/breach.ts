import { pathText } from '../path.ts'

/** What of the specification (xAPI 1.0.3 and 2.0) a statement may breach and be a row all the same. */
export const breachRules = {
  null: 'null outside extensions',
  missing: 'a property that must be there is not',
  unknown_property: 'a property the specification does not know, or not there',
  type: 'a value of another JSON type',
  empty: 'contextActivities without an activity',
  object_type: 'an objectType that is not allowed there',
  identifier: 'an agent without an identifier, or an agent or group with several',
  iri: 'no IRI with a scheme; keys of extensions are IRIs',
  mailto: 'mbox is no mailto: address',
  sha1: 'mbox_sha1sum is no SHA-1 in hex',
  sha2: 'sha2 is no SHA-2 in hex',
  uuid: 'no UUID',
  timestamp: 'stored, or the timestamp of a sub-statement, is no ISO 8601 time',
  duration: 'no ISO 8601 duration',
  language: 'no language tag (RFC 5646); keys of language maps are tags',
  media_type: 'contentType is no media type',
  version: 'no version 1.0 or 2.0',
  range: 'scaled not between -1 and 1, raw not between min and max, min not below max',
  interaction: 'an interactionType that is none, or components that are not of this type',
  activity_only: 'revision or platform in the context of an object that is no activity',
  nesting: 'a sub-statement within a sub-statement',
  voiding: 'the verb voided with an object that is no StatementRef',
  authority: 'an authority that is a group of other than two agents',
} as const

export type BreachRule = keyof typeof breachRules

/** Never the value: it may be what nobody should read. */
export interface Breach {
  readonly rule: BreachRule
  readonly path: string
}

/** Further ones are not told. */
export const breachesMax = 20
const pathCharactersMax = 200

/** Goes down a statement, remembers the way, and takes notes. */
export interface Walk {
  readonly enter: (key: string | number) => void
  readonly leave: () => void
  readonly note: (rule: BreachRule) => void
  /** Notes at a property of the object where the walk is. */
  readonly noteAt: (key: string, rule: BreachRule) => void
}

/** A walk that may be used again and again; nothing is allocated for a statement without a breach. */
export const createWalk = () => {
  const way: (string | number)[] = []
  let depth = 0
  let breaches: Breach[] | undefined
  const enter = (key: string | number): void => {
    way[depth] = key
    depth += 1
  }
  const leave = (): void => {
    depth -= 1
  }
  const note = (rule: BreachRule): void => {
    breaches ??= []
    if (breaches.length < breachesMax) breaches.push({ rule, path: wayText(way.slice(0, depth)) })
  }
  const noteAt = (key: string, rule: BreachRule): void => {
    enter(key)
    note(rule)
    leave()
  }
  /** What was noted since the last time. */
  const take = (): readonly Breach[] | undefined => {
    const taken = breaches
    breaches = undefined
    depth = 0
    return taken
  }
  return { enter, leave, note, noteAt, take }
}

/** `attachments[0].display` */
const wayText = (way: readonly (string | number)[]): string => {
  let text = ''
  for (const step of way) {
    const key = typeof step === 'number' ? `[${step}]` : pathText([step])
    text += text !== '' && !key.startsWith('[') ? `.${key}` : key
  }
  return text.slice(0, pathCharactersMax)
}
