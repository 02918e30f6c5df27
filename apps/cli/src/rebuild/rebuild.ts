import { reloadsTable } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import type { TableRebuildDeps, TableRebuildReport } from '@silversmith/flow'
import { createTableRebuild, findRebuild, keepRebuild } from '@silversmith/flow'
import { joinParquetFiles } from '@silversmith/parquet'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { type Bench, atBench } from '../deployment/bench.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { startOf } from '../text/since.ts'
import { UsageError } from '../usage-error.ts'
import { addReport, describeSum, isWhole, type Sum } from './rebuild-sum.ts'

/** One call to the flow; between two the person is told how far it is, and it is kept for another run. */
const stepMs = 20_000
const keepMs = 30_000
/** Between two looks at what only waits. */
const restMs = 10_000
/** Longer than the sweep leaves a batch alone. */
const patienceMs = 900_000

const target = 'clickhouse'
const tables = [...datasets.flatMap((dataset) => dataset.tables), reloadsTable]

const depsOf = ({ cloud, targets, ...bench }: Bench, { clock }: Surroundings): TableRebuildDeps => {
  const inspector = targets.inspectors.find(({ name }) => name === target)
  const mender = targets.menders.find(({ name }) => name === target)
  if (!inspector || !mender) throw new UsageError('TARGETS lacks clickhouse: there is no table')
  const silver = targets.inspectors.find(({ name }) => name === 'silver')
  if (!silver) throw new UsageError('TARGETS lacks silver: there is nothing to rebuild from')
  return { ...bench, ...cloud, clock, inspector, mender, silver, tables, join: joinParquetFiles }
}

const describeStep = ({ counts, at, problem, waiting }: Sum): string =>
  [
    `${counts.rowsFilled} rows of ${counts.chunksFilled} chunks filled, ${counts.chunksThere} chunks were there`,
    ...(at === undefined ? [] : [`at ${at.replace(/^_batches\//, '')}`]),
    ...(waiting === undefined ? [] : [`${waiting} batches wait for the sweep`]),
    ...(problem ? [`waits: ${problem.message}`] : []),
  ].join('; ')

/** Steps until all is done, or nothing went on for too long. */
const runSteps = async (
  deps: TableRebuildDeps,
  { table, since, dryRun, json }: CommandOf<'rebuild'>,
  surroundings: Surroundings,
): Promise<Sum> => {
  const { clock, progress, print } = surroundings
  const start = startOf(since, clock.now())
  const asked = {
    ...(table !== undefined && { tables: [table] }),
    ...(start !== undefined && { since: start }),
  }
  const rebuild = createTableRebuild(deps)
  let from = dryRun ? undefined : await findRebuild(deps, asked, callOf(surroundings, keepMs))
  let sum: Sum | undefined
  let movedAt = clock.now()
  for (;;) {
    const request = { ...asked, dryRun, ...(from !== undefined && { from }) }
    const report: TableRebuildReport = await rebuild(request, callOf(surroundings, stepMs))
    const { next, waiting, problem } = report
    if (!dryRun) await keepRebuild(deps, asked, next, callOf(surroundings, keepMs))
    sum = addReport(sum, report)
    if (next === undefined || problem?.mayPass === false) return sum
    progress.show(describeStep(sum))
    if (json) await print({ kind: 'progress', ...sum.counts, at: sum.at, waiting, problem })
    if (next !== from) movedAt = clock.now()
    from = next
    if (waiting === undefined && !problem) continue
    if (dryRun || clock.now() - movedAt > patienceMs) return sum
    await clock.sleep(restMs)
  }
}

/** Exit code 1 when something that silver should have is not there, or it is not complete. */
export const runRebuild = async (
  command: CommandOf<'rebuild'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBench(surroundings, command.dir, async (bench) => {
    const { table, dryRun } = command
    const deps = depsOf(bench, surroundings)
    const known = [...bench.targets.tables, reloadsTable.name]
    if (table !== undefined && !known.includes(table))
      throw new UsageError(`there is no table ${table}; there are ${known.join(', ')}`)
    const sum = await runSteps(deps, command, surroundings)
    surroundings.progress.end()
    return {
      document: { dryRun, target, table, ...sum },
      text: describeSum({ sum, target, dryRun }),
      code: isWhole(sum) ? 0 : 1,
    }
  })
