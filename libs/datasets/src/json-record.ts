import type { Mapped, RecordContext } from '@silversmith/core'
import { isObject, type JsonObject } from './json.ts'
import { repeatsKey } from './repeated-key.ts'
import { type DigitOptions, mapWithDigits } from './rounded-number.ts'

/** Why `mapJsonRecord` rejects. */
export const recordRejections = {
  not_an_object: 'the record is JSON, but no object',
  duplicate_key: 'an object within has a key twice',
} as const

/**
 * Maps what may be a JSON object. Not one → `not_an_object`; an object with a key twice, of which nobody can say what was meant →
 * `duplicate_key` (asked only where the text is known). `map` must be pure: it may run twice.
 */
export const mapJsonRecord = (
  parsed: unknown,
  { text }: RecordContext,
  map: (record: JsonObject) => Mapped,
  options: DigitOptions = {},
): Mapped => {
  if (!isObject(parsed)) return { rejection: { reason: 'not_an_object' } }
  if (text !== undefined && repeatsKey(parsed, text))
    return { rejection: { reason: 'duplicate_key' } }
  return mapWithDigits(parsed, text, map, options)
}
