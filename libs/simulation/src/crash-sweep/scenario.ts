import type { Fate, Troubles } from '../world/troubles.ts'
import type { WorldOptions } from '../world/world.ts'

/** What the log of a run told of its batches. */
export interface Account {
  /** Of each sealed batch, in order. */
  readonly sealed: readonly {
    readonly sources: number
    readonly rows: number
    readonly rejected: number
    readonly chunks: number
    readonly dispositions: Readonly<Record<string, number>>
  }[]
  readonly committed: number
  /** Invocations of transform. */
  readonly transforms: number
  /** Ends of aborted batches: `failed` or `lost`. */
  readonly aborted: readonly string[]
  /** Sealed batches the sweeps handed on. */
  readonly swept: number
  /** Failed applies, by target. */
  readonly failedAt: Readonly<Record<string, number>>
}

/** A short life of a few objects, the same in every run: faults come from the sweep, and from `fault`. */
export interface Scenario {
  readonly name: string
  readonly script: NonNullable<WorldOptions['script']>
  /** What the run without a fault of the sweep must have told, or the scenario is not what it is called. */
  readonly shows: (account: Account) => boolean
  /** Its own, part of every run: that fate for the first call whose label begins so. */
  readonly fault?: { readonly label: string; readonly fate: Fate }
  /** Its own, each 1: what always happens until the script is over. */
  readonly troubles?: Partial<Troubles>
  readonly limits?: NonNullable<WorldOptions['limits']>
  readonly mutation?: NonNullable<WorldOptions['mutation']>
  /** Of its world; another one where invocations must overlap. Default: 1. */
  readonly seed?: number
}

const startPattern = /^\d+ transform\d+ starts$/
const linePattern = /^\d+ log (\{.*\})$/

/** Reads the account out of a trace. */
export const readAccount = (trace: readonly string[]): Account => {
  const events = trace.flatMap((line) => {
    const json = linePattern.exec(line)?.[1]
    return json === undefined ? [] : [JSON.parse(json) as Record<string, unknown>]
  })
  const all = (kind: string) => events.filter((event) => event['kind'] === kind)
  const failedAt: Record<string, number> = {}
  for (const { target } of all('apply-failed'))
    failedAt[String(target)] = (failedAt[String(target)] ?? 0) + 1
  return {
    sealed: all('batch-sealed') as unknown as Account['sealed'],
    committed: all('batch-committed').length,
    transforms: trace.filter((line) => startPattern.test(line)).length,
    aborted: all('batch-aborted').map(({ end }) => String(end)),
    swept: all('sweep-done').reduce((sum, { sent }) => sum + Number(sent), 0),
    failedAt,
  }
}
