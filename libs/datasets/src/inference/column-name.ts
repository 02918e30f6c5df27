import { lineageColumns } from '@silversmith/core'
import { rowColumnNames } from '../row-dataset.ts'

const charsMax = 60

/** `userID`, `User id`, `user-id` → `user_id`; what has no letter or digit of ASCII → `field`. */
const snakeOf = (name: string): string =>
  name
    .slice(0, 10 * charsMax)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')

/**
 * Gives each path a column name of its own: lower-case words of ASCII, joined by `_`, not longer than 63 characters, beginning
 * with a letter. A name that every table has already gets `_sent` behind it, one that was given before a number.
 */
export const createColumnNames = () => {
  const reserved = new Set<string>([
    ...rowColumnNames,
    '_rescued',
    ...lineageColumns.map(({ name }) => name),
  ])
  const given = new Set<string>(reserved)
  return (path: readonly string[]): string => {
    const words = path.map((name) => snakeOf(name) || 'field').join('_')
    const usual = (/^[a-z]/.test(words) ? words : `field_${words}`)
      .slice(0, charsMax)
      .replace(/_+$/, '')
    const stem = reserved.has(usual) ? `${usual.slice(0, charsMax - 5)}_sent` : usual
    let name = stem
    for (let n = 2; given.has(name); n += 1) name = `${stem.slice(0, charsMax - 4)}_${n}`
    given.add(name)
    return name
  }
}
