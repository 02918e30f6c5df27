import { grantsFor, migrate, namesOf, planMigration, readPresent } from '@silversmith/clickhouse'
import type { Migration } from '@silversmith/clickhouse'
import { datasets } from '@silversmith/datasets'
import type { Answer } from './answer.ts'
import type { CommandOf } from './command.ts'
import { UsageError } from './usage-error.ts'
import { openNamedWarehouse } from './warehouse.ts'

/** Commented: they are for whoever may grant, and the user must be there. */
const describeGrants = (user: string, grants: readonly string[]): readonly string[] => [
  '',
  `-- All that a user who only inserts needs; ${user} must have been created:`,
  ...grants.map((grant) => `-- ${grant};`),
]

const describe = ({ steps, differences }: Migration, plan: boolean): string => {
  const lines = steps.flatMap(({ statement, why }) => [`-- ${why}`, `${statement};`, ''])
  if (steps.length === 0) lines.push('nothing to change')
  else if (!plan) lines.push(`${steps.length} changes made`)
  for (const difference of differences) lines.push(`cannot be changed: ${difference}`)
  return lines.join('\n')
}

/** Exit code 1 when a table is otherwise than it must be and no statement can change it. */
export const runMigrate = async (
  { plan, user }: CommandOf<'migrate'>,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Answer> => {
  const warehouse = openNamedWarehouse(environment)
  if (!warehouse)
    throw new UsageError(
      'CLICKHOUSE_URL says which server to migrate; the embedded one of npm start migrates itself',
    )
  const { connection, settings } = warehouse
  const tables = datasets.flatMap((dataset) => dataset.tables)
  try {
    const migration = plan
      ? planMigration(tables, settings, await readPresent(connection, tables, settings, signal))
      : await migrate(connection, tables, settings, signal)
    const code = migration.differences.length === 0 ? 0 : 1
    const text = describe(migration, plan)
    if (!plan) return { document: { ...migration, applied: true }, text, code }
    const grants = grantsFor(user, settings, [...namesOf(tables, settings).values()])
    return {
      document: { ...migration, applied: false, grants },
      text: [text, ...describeGrants(user, grants)].join('\n'),
      code,
    }
  } finally {
    await connection.close()
  }
}
