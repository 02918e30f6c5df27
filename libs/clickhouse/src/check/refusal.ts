import { type Check, isFault } from '@silversmith/core'
import type { checksOf } from '@silversmith/core'
import { exceptionCodeOf } from '../exception.ts'

type Checks = ReturnType<typeof checksOf>

/** Who asked for what, for the fix. */
export interface Asked {
  readonly what: string
  readonly user: string
  /** What the user needs for it. */
  readonly grants: readonly string[]
}

/** 164: the user's profile, 242: a replica without its Keeper, 774: the table's own setting. */
const readOnlyFixes: Readonly<Record<number, (asked: Asked) => string>> = {
  164: ({ user }) =>
    `let ${user} write: ALTER USER ${user} SETTINGS readonly = 0, or readonly of its profile; a server that is to stay read-only is no target`,
  242: () => 'look at Keeper and the replica: system.replicas; then SYSTEM RESTART REPLICA',
  774: () => 'run ALTER TABLE … MODIFY SETTING table_readonly = 0',
}

/** What a refusal of ClickHouse means, and what to do. Throws what is no fault. */
export const checkOfRefusal = (check: Checks, error: unknown, asked: Asked): Check => {
  if (!isFault(error)) throw error
  const code = exceptionCodeOf(error)
  const { what, user, grants } = asked
  if (code === 497)
    return check.wrong(
      `${user} may not do ${what}: a grant is missing (code 497)${needOf(error.message)}`,
      `run ${grants.join('; ')}. silversmith migrate --plan prints all that the users of the functions need`,
    )
  const readOnly = code === undefined ? undefined : readOnlyFixes[code]
  if (readOnly) return check.wrong(`${what} is refused: read-only (code ${code})`, readOnly(asked))
  if (code === 243)
    return check.wrong(
      `${what} is refused: the disk is full (code 243)`,
      'make room, or enlarge the disk; batches wait meanwhile and are applied by themselves',
    )
  return check.wrong(error.message.trim(), 'docs/runbook.md has each fault, with what to do')
}

/** The grant that ClickHouse names, without the values beside it. */
const needOf = (message: string): string => {
  const need = /(?:have|has) the grant ([^.]+(?:\.[\w`]+)?)/.exec(message)?.[1]?.trim()
  return need === undefined ? '' : `: ${need}`
}
