import { grantsFor, migrate, namesOf, planMigration, readPresent } from '@silversmith/clickhouse'
import type { Migration, Move, Role } from '@silversmith/clickhouse'
import { datasets } from '@silversmith/datasets'
import type { Answer } from '../answer.ts'
import { type CommandOf, inspectorName, operatorName } from '../command.ts'
import { counted } from '../text/counted.ts'
import { UsageError } from '../usage-error.ts'
import { openNamedWarehouse } from '../deployment/warehouse.ts'

type Grants = Readonly<Record<Role, readonly string[]>>

const purposes: Readonly<Record<Role, string>> = {
  writer: 'All that the user of transform needs, who only inserts',
  inspector: 'All that the user of bulk needs, whose reconcile counts rows',
  operator: 'What a person needs who repairs',
}

/** Commented: they are for whoever may grant, and the users must be there. */
const describeGrants = (users: Readonly<Record<Role, string>>, grants: Grants): readonly string[] =>
  Object.entries(grants).flatMap(([role, statements]) => [
    '',
    `-- ${purposes[role as Role]}; ${users[role as Role]} must have been created:`,
    ...statements.map((grant) => `-- ${grant};`),
  ])

const numberText = (value: number): string => value.toLocaleString('en-US')

const describeMove = ({ from, to, rename, statement, months }: Move): readonly string[] => [
  '',
  `-- ${rename === undefined ? from : to} is the table of another system. Its rows come into ${to} so:`,
  '-- 1. Stop what writes to it.',
  ...(rename === undefined ? [] : [`${rename};`]),
  '-- 2. silversmith migrate',
  `-- 3. silversmith adopt --table ${from} --yes, then silversmith reconcile --enqueue until nothing is missing`,
  '-- 4. The following for each month: what is not there yet, by object and line. May be repeated.',
  ...months.map(({ month, rows }) => `--    month ${month}: ${numberText(rows)} rows`),
  `${statement};`,
]

const describe = ({ steps, differences, moves }: Migration, plan: boolean): string => {
  const lines = steps.flatMap(({ statement, why }) => [`-- ${why}`, `${statement};`, ''])
  if (steps.length === 0) lines.push('nothing to change')
  else if (!plan) lines.push(`${counted(steps.length, 'change')} made`)
  for (const difference of differences) lines.push(`cannot be changed: ${difference}`)
  if (plan) lines.push(...moves.flatMap(describeMove))
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
    const users = { writer: user, inspector: inspectorName, operator: operatorName }
    const names = [...namesOf(tables, settings).values()]
    const grants: Grants = {
      writer: grantsFor('writer', users.writer, settings, names),
      inspector: grantsFor('inspector', users.inspector, settings, names),
      operator: grantsFor('operator', users.operator, settings, names),
    }
    return {
      document: { ...migration, applied: false, grants },
      text: [text, ...describeGrants(users, grants)].join('\n'),
      code,
    }
  } finally {
    await connection.close()
  }
}
