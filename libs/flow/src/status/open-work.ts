import type { Batch } from '@silversmith/core'
import { openedAt } from '../manifest.ts'

/** Open batches of one state. `failing`: sealed, and the last try to apply them came to nothing. */
export interface OpenWork {
  readonly state: 'forming' | 'sealed' | 'failing'
  readonly batches: number
  readonly rows: number
  /** By age: under five minutes, under an hour, older. */
  readonly young: number
  readonly middling: number
  readonly old: number
  /** Epoch ms at which the oldest was opened. */
  readonly oldestAt: number
  /** Epoch ms: the sweep looks at the first of them then. */
  readonly nextAt: number
}

const youngMs = 300_000
const middlingMs = 3_600_000

const stateOf = ({ state, problems = {}, failures = 0 }: Batch): OpenWork['state'] => {
  if (state === 'F') return 'forming'
  return Object.keys(problems).length > 0 || failures > 0 ? 'failing' : 'sealed'
}

export const countOpen = (batches: readonly Batch[], now: number): readonly OpenWork[] =>
  (['forming', 'sealed', 'failing'] as const).flatMap((state): OpenWork[] => {
    const own = batches.filter((batch) => stateOf(batch) === state)
    if (own.length === 0) return []
    const ages = own.map(({ id }) => now - (openedAt(id) ?? now))
    const count = (fits: (age: number) => boolean): number => ages.filter(fits).length
    return [
      {
        ...{ state, batches: own.length },
        rows: own.reduce((sum, { manifest }) => sum + (manifest?.rows ?? 0), 0),
        young: count((age) => age < youngMs),
        middling: count((age) => age >= youngMs && age < middlingMs),
        old: count((age) => age >= middlingMs),
        oldestAt: now - Math.max(...ages),
        nextAt: Math.min(...own.map(({ leaseUntil }) => leaseUntil)),
      },
    ]
  })

/** What keeps batches open: target and fault, how many it keeps, and what one of them was told. */
export interface OpenProblem {
  readonly target: string
  readonly code: string
  readonly batches: number
  readonly example: string
  readonly batch: string
}

export const listProblems = (batches: readonly Batch[]): readonly OpenProblem[] => {
  const found = new Map<string, OpenProblem>()
  for (const { id, problems = {} } of batches)
    for (const [target, problem] of Object.entries(problems)) {
      const [code = ''] = problem.split(':')
      const name = `${target} ${code}`
      const known = found.get(name) ?? { target, code, batches: 0, example: problem, batch: id }
      found.set(name, { ...known, batches: known.batches + 1 })
    }
  return [...found.values()].toSorted((a, b) => b.batches - a.batches)
}
