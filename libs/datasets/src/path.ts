import { isAbsent, isObject } from './json.ts'

/** Keys from the record down; alternatives are spellings of one key, of which the first present counts. */
export type Path = readonly (string | readonly string[])[]

/** Keeps a value that fits no column, under its path. */
export type Rescue = (path: string, value: unknown) => void

/**
 * The value at a path: undefined when it is absent or null. A value of another kind where an object is expected is
 * rescued: what should lie inside it would be lost silently.
 */
export const valueAt = (record: unknown, path: Path, rescue: Rescue): unknown => {
  let value = record
  for (let depth = 0; depth < path.length; depth++) {
    if (!isObject(value)) {
      rescue(pathText(path.slice(0, depth)), value)
      return undefined
    }
    const segment = path[depth] as string | readonly string[]
    let inner: unknown
    if (typeof segment === 'string') inner = value[segment]
    else for (const key of segment) inner ??= value[key]
    if (isAbsent(inner)) return undefined
    value = inner
  }
  return value
}

/** A path for each spelling of its keys. */
export const spellingsOf = (path: Path): readonly Path[] =>
  path.reduce<readonly Path[]>(
    (before, segment) =>
      before.flatMap((way) =>
        (typeof segment === 'string' ? [segment] : segment).map((key) => [...way, key]),
      ),
    [[]],
  )

/** `context.extensions["http://oli.cmu.edu/extensions/page_id"]`; of alternatives the first. */
export const pathText = (path: Path): string =>
  path
    .map((segment) => (typeof segment === 'string' ? segment : (segment[0] ?? '')))
    .map((key) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`))
    .join('')
    .replace(/^\./, '')
