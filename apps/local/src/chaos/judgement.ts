import type { Arrived } from '../kill/arrived.ts'
import { compare } from './comparison.ts'
import type { Comparison } from './comparison.ts'
import type { Load } from './load.ts'

/** What is wrong at each place; lists of identities, empty when all is well. */
export interface Judgement {
  readonly clickhouse: Comparison
  readonly silver: Comparison
  readonly quarantine: Comparison
}

export const judge = (load: Load, arrived: Arrived): Judgement => ({
  clickhouse: compare(load.rows, arrived.clickhouse),
  silver: compare(load.rows, arrived.silver),
  quarantine: compare(load.quarantine, arrived.quarantine),
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
