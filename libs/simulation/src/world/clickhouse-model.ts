import { Fault } from '@silversmith/core'
import type { Engine, StoredRow } from '../memory/engine.ts'
import { blocksOf } from '../memory/engine.ts'
import type { Surroundings } from './invocation.ts'

/** A ClickHouse server in virtual time: up or down, applying an INSERT partition by partition, dying between them. */
export interface ClickHouseModel {
  insert(table: string, token: string, rows: readonly StoredRow[]): Promise<void>
  /** Throws when the server is down. */
  ask<Answer>(question: (engine: Engine) => Answer | Promise<Answer>): Promise<Answer>
  /** Acts once, when the rows of the next INSERT are there and nobody knows yet. */
  afterInsert(act: () => void): void
}

const blockMaxMs = 300
const mergeMaxMs = 20 * 60_000
const shortOutageMaxMs = 5 * 60_000
const longOutageMaxMs = 60 * 60_000

export const createClickHouseModel = (
  around: Surroundings,
  engine: Engine,
  partitionOf: (row: StoredRow) => string,
): ClickHouseModel => {
  const { scheduler, random, tally } = around
  let downUntil = 0
  let next = (): void => undefined
  const refuseDown = (): void => {
    // Healing ends outages too.
    const hasTroubles = around.troubles().targetDown > 0
    if (hasTroubles && scheduler.now() < downUntil)
      throw new Fault('TARGET_UNAVAILABLE', 'simulated: the server is down')
  }
  const wait = (ms: number): Promise<void> => new Promise((resolve) => scheduler.after(ms, resolve))
  return {
    insert: async (table, token, rows) => {
      if (random.chance(around.troubles().targetDown)) {
        const longest = random.chance(0.2) ? longOutageMaxMs : shortOutageMaxMs
        downUntil = Math.max(downUntil, scheduler.now() + random.below(longest))
        scheduler.note('clickhouse goes down')
      }
      refuseDown()
      if (random.chance(around.troubles().merge))
        scheduler.after(random.below(mergeMaxMs), () => {
          const mergedAway = engine.merge(table)
          tally.merges += 1
          scheduler.note(`clickhouse merges ${table}`)
          if (mergedAway > 0) around.violate(`a merge took ${mergedAway} rows out of ${table}`)
        })
      const blocks = blocksOf(table, token, rows, partitionOf)
      for (const [index, block] of blocks.entries()) {
        engine.insertBlock(block)
        const isLast = index === blocks.length - 1
        if (!isLast && random.chance(around.troubles().partialInsert)) {
          tally.partialInserts += 1
          scheduler.note(`clickhouse dies inside ${token}`)
          throw new Fault('TARGET_OUTCOME_UNKNOWN', 'simulated: the server died')
        }
        await wait(random.below(blockMaxMs))
      }
      next()
    },
    afterInsert: (act) => {
      next = () => {
        next = () => undefined
        act()
      }
    },
    ask: async (question) => {
      refuseDown()
      return question(engine)
    },
  }
}
