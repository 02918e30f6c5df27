import { createConnection, type Evolution, planEvolution } from '@silversmith/clickhouse'
import { datasetOf } from '@silversmith/datasets'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { readDrift } from './drift-room.ts'
import { undone } from '../dry-run.ts'
import type { Surroundings } from '../surroundings.ts'
import { UsageError } from '../usage-error.ts'
import { findServer } from '../deployment/warehouse.ts'

const describe = (evolutions: readonly Evolution[], dryRun: boolean): string => {
  const lines = evolutions.flatMap(({ path, statements }) => [
    `-- ${path}`,
    ...statements.map((statement) => `${statement};`),
    '',
  ])
  if (evolutions.length === 0) return 'no new path lacks a column'
  return [...lines, dryRun ? undone : `${counted(evolutions.length, 'column')} added`].join('\n')
}

/** Adding a column changes nothing that is written: it may be done while batches are open. @throws UsageError */
export const runDriftEvolve = async (
  command: CommandOf<'drift evolve'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { dataset, paths, dryRun, dir } = command
  const { environment, signal } = surroundings
  const { values, report } = await readDrift(command, surroundings)
  if (values.contracts[dataset] !== 'evolve')
    throw new UsageError(
      `the contract of ${dataset} is not evolve: set CONTRACTS=${dataset}=evolve for transform and here`,
    )
  const asked = report.paths.filter(({ path }) => paths.length === 0 || paths.includes(path))
  const unknown = paths.find(
    (path) => !asked.some((one) => one.path === path && one.kind === 'new'),
  )
  if (unknown !== undefined)
    throw new UsageError(`${unknown} is no new path of ${dataset}; silversmith drift show has them`)
  const settings = await findServer(environment, dir)
  if (!settings)
    throw new UsageError('there is no ClickHouse here: silver has the values in _rescued')
  const connection = createConnection(settings)
  try {
    const tables = datasetOf(dataset)?.tables ?? []
    const evolutions = await planEvolution(connection, tables, settings, asked, signal)
    if (!dryRun)
      for (const { statements, path } of evolutions)
        for (const statement of statements)
          await connection.command(statement, `the column for ${path}`, signal)
    return { document: { dryRun, evolutions }, text: describe(evolutions, dryRun), code: 0 }
  } finally {
    await connection.close()
  }
}
