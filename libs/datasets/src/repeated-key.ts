/** Objects and arrays still to be counted; kept from call to call. */
const pending: unknown[] = []

/**
 * True when an object of the record has a key twice: JSON.parse keeps the last value and says nothing. `text` is what the
 * record was parsed from, valid JSON.
 */
export const repeatsKey = (record: object, text: string): boolean => {
  const keys = countKeys(record)
  // A colon within a text may look like that of a key, so that more are found; never fewer.
  return countColons(text) !== keys && countNames(text) !== keys
}

/** Keys of all objects; not by recursion: nothing bounds the depth. */
const countKeys = (record: object): number => {
  let keys = 0
  pending.length = 0
  for (let next: unknown = record; next !== undefined; next = pending.pop()) {
    if (Array.isArray(next)) {
      for (let at = 0; at < next.length; at++) {
        const value: unknown = next[at]
        if (typeof value === 'object' && value !== null) pending.push(value)
      }
      continue
    }
    const object = next as Record<string, unknown>
    for (const key in object) {
      keys += 1
      const value = object[key]
      if (typeof value === 'object' && value !== null) pending.push(value)
    }
  }
  return keys
}

const quote = 34
const colon = 58

/** Colons behind a quote or white space. */
const countColons = (text: string): number => {
  let colons = 0
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before === quote || before <= 32) colons += 1
  }
  return colons
}

const backslash = 92

/** Goes from text to text, so that nothing within one is taken for a key. */
const countNames = (text: string): number => {
  let names = 0
  for (let at = text.indexOf('"'); at >= 0;) {
    let end = text.indexOf('"', at + 1)
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
    let next = end + 1
    while (text.charCodeAt(next) <= 32) next += 1
    if (text.charCodeAt(next) === colon) names += 1
    at = text.indexOf('"', next)
  }
  return names
}

const isEscaped = (text: string, at: number): boolean => {
  let first = at
  while (text.charCodeAt(first - 1) === backslash) first -= 1
  return (at - first) % 2 === 1
}
