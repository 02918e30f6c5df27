import { reloadsTable } from '@silversmith/core'
import type { TableRebuildDeps, TableRebuildReport } from '@silversmith/flow'
import {
  createSilverInspector,
  createTableRebuild,
  findRebuild,
  keepRebuild,
} from '@silversmith/flow'
import { joinParquetFiles } from '@silversmith/parquet'
import type { Invocation, Surroundings } from './invocation.ts'
import { noteDataset } from './note-dataset.ts'
import { pipeline } from './place.ts'
import { createRandom } from '../random.ts'
import type { Ports } from './simulated-ports.ts'
import type { Stage } from './stage.ts'

export interface RebuildLifeOptions {
  readonly seed: number
  readonly stage: Stage
  /** The tables are emptied until then, counted from now. */
  readonly lastsMs: number
}

const salt = 0x72656275
const minuteMs = 60_000
const stepsMs = [500, 5_000, 20_000, 20_000]
const restMaxMs = 3 * minuteMs
/** Who waits for long looks less often. */
const patienceMax = 10
const soonMs = 500

/** Empties ClickHouse at some moment, most of all when something was just inserted; from then on somebody, or two, fill it again out of silver, beside all that goes on. */
export const startRebuildLife = (around: Surroundings, options: RebuildLifeOptions): void => {
  const { scheduler, tally } = around
  const { seed, stage, lastsMs } = options
  const random = createRandom(seed ^ salt)
  stage.errands.add('rebuild')
  const fill = (tries = 1): void => {
    const stepMs = random.pick(stepsMs)
    stage.running.start(
      'rebuild',
      (ports, self) => step(depsOf(stage, ports), stepMs, self),
      (report) => {
        tally.chunksRebuilt += report?.counts.chunksFilled ?? 0
        for (const finding of report?.findings ?? [])
          around.violate(`the rebuild found ${JSON.stringify(finding)}`)
        if (!report || report.next !== undefined)
          scheduler.after(random.below(restMaxMs * Math.min(tries, patienceMax)), () =>
            fill(tries + 1),
          )
        else {
          stage.emptying.filledAt ??= scheduler.now()
          stage.errands.delete('rebuild')
        }
      },
    )
  }
  const empty = (): void => {
    if (stage.emptying.at !== undefined) return
    scheduler.note('clickhouse is emptied')
    stage.engine.truncate()
    stage.emptying.at = scheduler.now()
    for (const withinMs of random.pick([[soonMs], [restMaxMs], [soonMs, restMaxMs]]))
      scheduler.after(random.below(withinMs), () => fill())
  }
  const isAtInsert = random.chance(0.6)
  scheduler.after(random.below(lastsMs), () =>
    isAtInsert ? stage.clickHouse.afterInsert(empty) : empty(),
  )
  scheduler.after(lastsMs, empty)
}

/** As `silversmith rebuild` does it: goes on where it was kept, for so long, and keeps where it came to. */
const step = async (
  deps: TableRebuildDeps,
  stepMs: number,
  self: Invocation,
): Promise<TableRebuildReport> => {
  const from = await findRebuild(deps, {}, self)
  const call = { deadline: self.now() + stepMs, signal: self.signal }
  const request = { dryRun: false, ...(from !== undefined && { from }) }
  const report = await createTableRebuild(deps)(request, call)
  await keepRebuild(deps, {}, report.next, self)
  return report
}

const depsOf = ({ hold, decode }: Stage, ports: Ports): TableRebuildDeps => {
  const { ledger, store, clock, inspector, mender } = ports
  return {
    ...{ pipeline, ledger, store, clock, inspector, mender },
    silver: createSilverInspector({
      ...{ store, prefix: 'silver/' },
      decode: (bytes) => hold(decode(bytes)),
    }),
    tables: [...noteDataset.tables, reloadsTable],
    join: joinParquetFiles,
    ...{ silverPrefix: 'silver/', quarantinePrefix: 'quarantine/' },
  }
}
