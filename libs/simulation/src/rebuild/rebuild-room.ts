import { type Dataset, type Inspector, reloadsTable } from '@silversmith/core'
import {
  createTableRebuild,
  findRebuild,
  keepRebuild,
  type TableRebuildDeps,
  type TableRebuildReport,
  type TableRebuildRequest,
} from '@silversmith/flow'
import { joinParquetFiles } from '@silversmith/parquet'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { createRepairRoom, namesOf } from '../repair/repair-room.ts'
import { notes } from '../transform/transform-room.ts'

/** What one look at the target takes. */
export const tickMs = 10

/** A repair room whose ClickHouse can be emptied, and filled again out of silver. */
export const createRebuildRoom = (seed = 1, datasets: readonly Dataset[] = [notes]) => {
  const room = createRepairRoom(seed, datasets)
  /** Time goes by as it looks, so that a call can end anywhere. */
  const ticking = (inspector: Inspector): Inspector => ({
    name: inspector.name,
    listTokens: inspector.listTokens,
    inspect: (...args) => {
      room.clock.advance(tickMs)
      return inspector.inspect(...args)
    },
  })
  const depsOf = (process: MortalProcess): TableRebuildDeps => {
    const { inspectors, menders, ...deps } = room.depsOf(process)
    const [inspector, silver] = inspectors
    const [mender] = menders
    if (!inspector || !silver || !mender) throw new Error('the room has no ClickHouse')
    const tables = [...datasets.flatMap((dataset) => dataset.tables), reloadsTable]
    return {
      ...deps,
      inspector: ticking(inspector),
      silver,
      mender,
      tables,
      join: joinParquetFiles,
    }
  }
  /** One call, that goes on where the one before ended, and keeps where it came to; undefined: the process died. */
  const fill = (
    request: Partial<TableRebuildRequest> = {},
    process = createMortalProcess(),
    forMs = 60_000,
  ): Promise<TableRebuildReport | undefined> =>
    process.run(async () => {
      const deps = depsOf(process)
      const from = await findRebuild(deps, request, room.call())
      const whole = { dryRun: false, ...request, ...(from !== undefined && { from }) }
      const report = await createTableRebuild(deps)(whole, room.call(forMs))
      await keepRebuild(deps, request, report.next, room.call())
      return report
    })
  return {
    ...room,
    rebuildDepsOf: depsOf,
    fill,
    /** TRUNCATE of every table. */
    truncate: (): void => {
      for (const table of room.engine.tables()) room.engine.removeRows(table, () => true)
      room.engine.forgetTokens()
    },
    rows: () => namesOf(room.clickhouse()),
    files: async () => namesOf(await room.silver()),
  }
}

export type RebuildRoom = ReturnType<typeof createRebuildRoom>
