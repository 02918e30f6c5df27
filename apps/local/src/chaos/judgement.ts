import type { Arrived } from '../kill/arrived.ts'
import { compare } from './comparison.ts'
import type { Comparison } from './comparison.ts'

/** Identities of all that must arrive, as `Arrived` has them. */
export interface Due {
  readonly rows: ReadonlySet<string>
  readonly quarantine: ReadonlySet<string>
}

/** What is wrong at each place; lists of identities, empty when all is well. */
export interface Judgement {
  readonly clickhouse: Comparison
  readonly silver: Comparison
  readonly quarantine: Comparison
}

export const judge = (due: Due, arrived: Arrived): Judgement => ({
  clickhouse: compare(due.rows, arrived.clickhouse),
  silver: compare(due.rows, arrived.silver),
  quarantine: compare(due.quarantine, arrived.quarantine),
})

const namesMax = 5

/** One line for each place and kind of difference, with the first identities. */
export const describe = (judgement: Judgement): readonly string[] =>
  Object.entries(judgement).flatMap(([place, comparison]: [string, Comparison]) =>
    Object.entries(comparison)
      .filter(([, names]: [string, readonly string[]]) => names.length > 0)
      .map(
        ([kind, names]: [string, readonly string[]]) =>
          `${place}: ${names.length} ${kind}, such as ${names.slice(0, namesMax).join('; ')}`,
      ),
  )
