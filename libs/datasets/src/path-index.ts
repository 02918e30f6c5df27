import { isAbsent, isObject, type JsonObject } from './json.ts'
import { type Path, pathText, type Rescue } from './path.ts'

/** Reads many paths of a record at once: every object on the way is opened once, whatever the number of paths through it. */
export interface PathIndex {
  /** Where `find` puts the values at a path: the first of these places that is neither undefined nor null counts. */
  readonly placesOf: (path: Path) => readonly number[]
  /** Overwritten by the next call. A value of another kind where an object is expected is rescued, as by `valueAt`. */
  readonly find: (record: JsonObject, rescue: Rescue) => readonly unknown[]
  /** A function that rescues the values of the closed objects that are at none of the paths, given what `find` found. */
  readonly watchOthers: (
    closed: Closed,
    known: readonly Path[],
  ) => (found: readonly unknown[], rescue: Rescue) => void
}

/** Objects whose every field is told when nothing reads it: all that paths lead through, or those at these paths. */
export type Closed = 'all' | readonly Path[]

/** An object on the way to a value. */
interface Container {
  readonly path: Path
  /** Where the object itself is found; the record's own is 0. */
  readonly place: number
  /** Key → place of its value. */
  readonly keys: Map<string, number>
}

type Lookup = readonly [key: string, place: number]

interface Opening extends Container {
  /** `keys` as a list: faster to go through. Undefined where that would find what every object inherits, such as `constructor`. */
  readonly lookups: readonly Lookup[] | undefined
}

/** With more keys than this to look for, going through the object's own keys is faster. */
const lookupsMax = 8

/** Spellings are told apart at the last key of a path only. */
export const createPathIndex = (paths: readonly Path[]): PathIndex => {
  let places = 1
  const containers = new Map<string, Container>()

  const containerAt = (path: Path): Container => {
    const name = JSON.stringify(path)
    const known = containers.get(name)
    if (known) return known
    const key = path.at(-1)
    if (typeof key === 'object')
      throw new TypeError(`Only the last key may have spellings: ${name}`)
    const place = key === undefined ? 0 : placeIn(containerAt(path.slice(0, -1)), key)
    const container: Container = { path, place, keys: new Map() }
    containers.set(name, container)
    return container
  }

  const placeIn = ({ keys }: Container, key: string): number => {
    const place = keys.get(key) ?? places++
    keys.set(key, place)
    return place
  }

  const placesOf = (path: Path): readonly number[] => {
    const container = containerAt(path.slice(0, -1))
    const key = path.at(-1) ?? []
    return (typeof key === 'string' ? [key] : key).map((spelling) => placeIn(container, spelling))
  }

  paths.forEach(placesOf)
  // A container is made behind the one it lies in.
  const inOrder = [...containers.values()].map((container): Opening => ({
    ...container,
    lookups: [...container.keys.keys()].some((key) => key in Object.prototype)
      ? undefined
      : [...container.keys],
  }))
  const found = Array.from<unknown>({ length: places })

  const find = (record: JsonObject, rescue: Rescue): readonly unknown[] => {
    found.fill(undefined)
    found[0] = record
    for (const container of inOrder) {
      const object = found[container.place]
      if (isObject(object)) open(object, container, found)
      else if (!isAbsent(object)) rescue(pathText(container.path), object)
    }
    return found
  }

  const watchOthers: PathIndex['watchOthers'] = (closed, known) => {
    const names = closed === 'all' ? undefined : new Set(closed.map((path) => JSON.stringify(path)))
    const watched = inOrder
      .filter(({ path }) => names?.has(JSON.stringify(path)) ?? true)
      .map(({ path, place, keys }) => ({
        ...{ path, place },
        expected: new Set([...keys.keys(), ...keysBelow(path, known)]),
      }))
    return (found, rescue) => {
      for (const { path, place, expected } of watched) {
        const object = found[place]
        if (!isObject(object)) continue
        for (const key in object)
          if (!expected.has(key) && !isAbsent(object[key]))
            rescue(pathText([...path, key]), object[key])
      }
    }
  }

  return { placesOf, find, watchOthers }
}

/** Keys of the object at `container` that the paths go through or end at. */
const keysBelow = (container: Path, paths: readonly Path[]): readonly string[] =>
  paths
    .filter(
      (path) => path.length > container.length && container.every((key, at) => key === path[at]),
    )
    .flatMap((path) => path[container.length] ?? [])

const open = (object: JsonObject, { keys, lookups }: Opening, found: unknown[]): void => {
  if (lookups && lookups.length <= lookupsMax) {
    for (let at = 0; at < lookups.length; at++) {
      const [key, place] = lookups[at] as Lookup
      found[place] = object[key]
    }
    return
  }
  for (const key in object) {
    const place = keys.get(key)
    if (place !== undefined) found[place] = object[key]
  }
}
