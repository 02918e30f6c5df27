import type { Parsed, Parser } from './setting.ts'

const value = <T>(of: T): Parsed<T> => ({ value: of })
const problem = (what: string): { readonly problem: string } => ({ problem: what })

const trueTexts: readonly string[] = ['1', 'true', 't', 'yes', 'on']
const falseTexts: readonly string[] = ['0', 'false', 'f', 'no', 'off']

export const parseText: Parser<string> = (text) => value(text)

/** 1, true, t, yes, on and their opposites, in any case. */
export const parseBoolean: Parser<boolean> = (text) => {
  if (trueTexts.includes(text.toLowerCase())) return value(true)
  if (falseTexts.includes(text.toLowerCase())) return value(false)
  return problem('must be one of 1, true, t, yes, on or 0, false, f, no, off')
}

/** A whole number between two limits, both allowed. */
export const parseWhole =
  (min: number, max: number = Number.MAX_SAFE_INTEGER): Parser<number> =>
  (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN
    if (number >= min && number <= max) return value(number)
    return problem(
      max === Number.MAX_SAFE_INTEGER
        ? `must be a whole number of at least ${min}`
        : `must be a whole number from ${min} to ${max}`,
    )
  }

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

/** Bytes: `1048576`, `512KiB`, `16MiB`, `5GiB`. */
export const parseBytes: Parser<number> = (text) => {
  const [, digits, unit] = /^(\d+)\s*([a-z]*)$/i.exec(text) ?? []
  const bytes = Number(digits) * (byteUnits[unit?.toLowerCase() ?? ''] ?? NaN)
  if (Number.isSafeInteger(bytes) && bytes > 0) return value(bytes)
  return problem('must be a number of bytes above 0, such as 1048576 or 16MiB')
}

/** Seconds, fractions allowed, as whole milliseconds. */
export const parseSecondsAsMs: Parser<number> = (text) => {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : NaN
  if (Number.isSafeInteger(ms) && ms > 0) return value(ms)
  return problem('must be a number of seconds above 0, such as 30 or 0.5')
}

/** One of a few words, in any case. */
export const parseOneOf =
  <Word extends string>(...words: readonly Word[]): Parser<Word> =>
  (text) => {
    const word = words.find((one) => one.toLowerCase() === text.toLowerCase())
    return word === undefined ? problem(`must be one of ${words.join(', ')}`) : value(word)
  }

/** Parts separated by commas, each read by `parse`; at least one, none twice. */
export const parseList =
  <T>(parse: Parser<T>): Parser<readonly T[]> =>
  (text) => {
    const items: T[] = []
    for (const part of text.split(',').map((one) => one.trim())) {
      const parsed = part === '' ? problem('must not have empty parts') : parse(part)
      if ('problem' in parsed)
        return problem(`is a list separated by commas; each ${parsed.problem}`)
      if (items.includes(parsed.value)) return problem(`names ${part} twice`)
      items.push(parsed.value)
    }
    return value(items)
  }

/** JSON whose shape `check` knows; `check` answers what the value must be when it is not. */
export const parseJson =
  <T>(check: (parsed: unknown) => Parsed<T>): Parser<T> =>
  (text) => {
    try {
      return check(JSON.parse(text))
    } catch {
      return problem('must be JSON')
    }
  }

/** An http or https URL. */
export const parseUrl: Parser<string> = (text) =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
    ? value(text)
    : problem('must be an http or https URL')

/** A folder within a bucket: no slash at either end. */
export const parsePrefix: Parser<string> = (text) =>
  /^[^/](.*[^/])?$/.test(text)
    ? value(text)
    : problem('must be a folder name without a slash at its start or end')

/** The same with a slash at its end, which may be left out. */
export const parseFolder: Parser<string> = (text) => {
  const parsed = parsePrefix(text.replace(/\/$/, ''))
  return 'problem' in parsed ? parsed : value(`${parsed.value}/`)
}
