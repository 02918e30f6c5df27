import { type Check, checksOf, isFault } from '@silversmith/core'
import { exceptionCodeOf } from '../exception.ts'
import { quoteName } from '../name.ts'

type Checks = ReturnType<typeof checksOf>

/** Who asked for what, for the fix. */
export interface Asked {
  readonly what: string
  readonly user: string
  /** Of the server. */
  readonly origin: string
  /** What the user needs for it. */
  readonly grants: readonly string[]
}

/** 242: a replica without its Keeper; 774: the table's own setting. */
const readOnlyFixes: Readonly<Record<number, string>> = {
  242: 'look at Keeper and at system.replicas, then SYSTEM RESTART REPLICA',
  774: 'run ALTER TABLE … MODIFY SETTING table_readonly = 0',
}

/** The same for every table, and told once. */
const readOnlyUser = ({ user, origin }: Asked): Check =>
  checksOf('clickhouse', origin).wrong(
    `${origin} takes no INSERTs and no settings from user ${user}: read-only (code 164)`,
    `run ALTER USER ${quoteName(user)} SETTINGS readonly = 0, or take readonly out of its profile; a server that is to stay read-only is no target`,
  )

/** What a refusal of ClickHouse means, and what to do. Throws what is no fault. */
export const checkOfRefusal = (check: Checks, error: unknown, asked: Asked): Check => {
  if (!isFault(error)) throw error
  const code = exceptionCodeOf(error)
  const { what, user, grants } = asked
  if (code === 497)
    return check.wrong(
      `user ${user} lacks a grant for ${what} (code 497)${needOf(error.message)}`,
      `run ${grants.join('; ')}. silversmith migrate --plan prints all that the users of the functions need`,
    )
  if (code === 164) return readOnlyUser(asked)
  const readOnly = code === undefined ? undefined : readOnlyFixes[code]
  if (readOnly !== undefined)
    return check.wrong(`${what} is refused: the table is read-only (code ${code})`, readOnly)
  if (code === 243)
    return check.wrong(
      `${what} is refused: the disk is full (code 243)`,
      'make room, or enlarge the disk; batches wait meanwhile and are applied by themselves',
    )
  return check.wrong(error.message.trim(), 'docs/runbook.md has each fault, with what to do')
}

/** The grant that ClickHouse names, without its columns, which may be many. */
const needOf = (message: string): string => {
  const part = '(?:[\\w`]+|\\*)'
  const grant = new RegExp(`\\bthe grant ([A-Z ]+)(?:\\([^)]*\\))? ON (${part}(?:\\.${part})?)`)
  const [, right, on] = grant.exec(message) ?? []
  return right === undefined ? '' : `: ${right.trim()} ON ${on}`
}
