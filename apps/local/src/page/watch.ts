import { createRing } from './ring.ts'
import type { Problem } from './tick.ts'

export interface Landed {
  readonly objects: number
  readonly bytes: number
  readonly lastKey: string
}

/** A batch that a function told of, and when. */
export interface Told {
  readonly batch: string
  readonly kind: 'batch-sealed' | 'batch-committed'
  readonly at: number
}

/** Hears what a stack does from before its start, and keeps it until it is asked. */
export interface Watch {
  /** A line that a function printed. */
  hearLine(line: string): void
  /** The event of an object that was created. */
  hearArrival(record: object): void
  hearProblem(text: string): void
  landed(): Landed
  /** What was told since the last call, oldest first. */
  takeTold(): readonly Told[]
  takeProblems(): readonly Problem[]
}

/** Told and not yet taken; more come only when nobody takes. */
const toldMax = 100_000
const problemsMax = 50
export const keyCharsMax = 300

const isTold = (kind: unknown): kind is Told['kind'] =>
  kind === 'batch-sealed' || kind === 'batch-committed'

const readTold = (line: string, at: number): Told | undefined => {
  // Most lines are of something else, and metrics are long.
  if (!line.startsWith('{') || !line.includes('"batch-')) return undefined
  try {
    const { message, event } = JSON.parse(line) as {
      readonly message?: unknown
      readonly event?: { readonly batch?: unknown }
    }
    const batch = event?.batch
    return isTold(message) && typeof batch === 'string' ? { batch, kind: message, at } : undefined
  } catch {
    return undefined
  }
}

interface Arrival {
  readonly s3?: { readonly object?: { readonly key?: unknown; readonly size?: unknown } }
}

const decodeKey = (key: string): string => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}

export const createWatch = (now: () => number): Watch => {
  let told = createRing<Told>(toldMax)
  let problems = createRing<Problem>(problemsMax)
  let landed = { objects: 0, bytes: 0, lastKey: '' }
  return {
    hearLine: (line) => {
      const heard = readTold(line, now())
      if (heard) told.add(heard)
    },
    hearArrival: (record) => {
      const { key, size } = (record as Arrival).s3?.object ?? {}
      landed = {
        objects: landed.objects + 1,
        bytes: landed.bytes + (typeof size === 'number' ? size : 0),
        lastKey: decodeKey(String(key)).slice(0, keyCharsMax),
      }
    },
    hearProblem: (text) => problems.add({ at: now(), text }),
    landed: () => landed,
    takeTold: () => {
      const taken = told.items()
      told = createRing(toldMax)
      return taken
    },
    takeProblems: () => {
      const taken = problems.items()
      problems = createRing(problemsMax)
      return taken
    },
  }
}
