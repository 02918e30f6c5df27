import { isObject, type JsonObject } from '../json.ts'
import { isRoundedNumber } from '../rounded-number.ts'
import { parseTimestamp } from '../timestamp.ts'
import { isUuid } from '../uuid.ts'
import type { BreachRule, Walk } from './breach.ts'

/** Notes what breaches the specification in a value that is there and not null. */
export type Check = (value: unknown, walk: Walk) => void

const ofType =
  (type: 'string' | 'boolean'): Check =>
  (value, walk) => {
    if (typeof value !== type) walk.note('type')
  }

export const text = ofType('string')
export const flag = ofType('boolean')
/** Looked at elsewhere. */
export const anything: Check = () => undefined

const isNumber = (value: unknown): boolean => typeof value === 'number' || isRoundedNumber(value)

export const number: Check = (value, walk) => {
  if (!isNumber(value)) walk.note('type')
}

export const wholeNumber: Check = (value, walk) => {
  if (!Number.isSafeInteger(value) && !isRoundedNumber(value)) walk.note('type')
}

/** Text in a form; other values are of the wrong type. */
const form =
  (rule: BreachRule, isRight: (value: string) => boolean): Check =>
  (value, walk) => {
    if (typeof value !== 'string') walk.note('type')
    else if (!isRight(value)) walk.note(rule)
  }

const matching = (rule: BreachRule, pattern: RegExp): Check =>
  form(rule, (value) => pattern.test(value))

const iriPattern = /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/i
/** A producer uses few; to test them again and again is most of the work. */
const knownIris = new Set<string>()
const knownIrisMax = 4_096

const isIri = (value: string): boolean => {
  if (knownIris.has(value)) return true
  if (!iriPattern.test(value)) return false
  if (knownIris.size >= knownIrisMax) knownIris.clear()
  knownIris.add(value)
  return true
}

const languagePattern = /^(?:[a-z]{2,8}(?:-[a-z0-9]{1,8})*|[xi](?:-[a-z0-9]{1,8})+)$/i
const amount = String.raw`\d+(?:[.,]\d+)?`
const durationPattern = new RegExp(
  `^P(?=.)(?:${amount}Y)?(?:${amount}M)?(?:${amount}W)?(?:${amount}D)?` +
    `(?:T(?=.)(?:${amount}H)?(?:${amount}M)?(?:${amount}S)?)?$`,
)

export const iri = form('iri', isIri)
export const uuid = form('uuid', isUuid)
export const mailto = matching('mailto', /^mailto:[^\s@]+@[^\s@]+$/i)
export const sha1 = matching('sha1', /^[0-9a-f]{40}$/i)
export const sha2 = matching('sha2', /^(?:[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i)
export const timestamp = form('timestamp', (value) => parseTimestamp(value) !== undefined)
export const duration = matching('duration', durationPattern)
export const language = matching('language', languagePattern)
export const mediaType = matching('media_type', /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;.*)?$/)
export const version = matching('version', /^[12]\.0(?:\.\d+)?$/)

export const oneOf = (rule: BreachRule, words: readonly string[]): Check =>
  form(rule, (value) => words.includes(value))

/** Goes into a value; null is none. */
const visit = (key: string | number, value: unknown, check: Check, walk: Walk): void => {
  walk.enter(key)
  if (value === null) walk.note('null')
  else check(value, walk)
  walk.leave()
}

/** `also`: what concerns several properties at once. */
export const object = (
  properties: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
  also?: (object: JsonObject, walk: Walk) => void,
): Check => {
  const checks = new Map(Object.entries(properties))
  return (value, walk) => {
    if (!isObject(value)) return walk.note('type')
    for (const key in value) {
      const check = checks.get(key)
      if (check) visit(key, value[key], check, walk)
      else walk.noteAt(key, 'unknown_property')
    }
    for (const key of required) if (value[key] === undefined) walk.noteAt(key, 'missing')
    also?.(value, walk)
  }
}

export const extensions: Check = (value, walk) => {
  if (!isObject(value)) return walk.note('type')
  for (const key in value) if (!isIri(key)) walk.noteAt(key, 'iri')
}

export const languageMap: Check = (value, walk) => {
  if (!isObject(value)) return walk.note('type')
  for (const key in value) {
    if (!languagePattern.test(key)) walk.noteAt(key, 'language')
    visit(key, value[key], text, walk)
  }
}

export const list =
  (check: Check): Check =>
  (value, walk) => {
    if (!Array.isArray(value)) return walk.note('type')
    for (let at = 0; at < value.length; at++) visit(at, value[at], check, walk)
  }

export const oneOrList = (check: Check): Check => {
  const all = list(check)
  return (value, walk) => (Array.isArray(value) ? all : check)(value, walk)
}
