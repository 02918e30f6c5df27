/** What a deployment is made of. */
export type CheckPart =
  'settings' | 's3' | 'sqs' | 'dynamodb' | 'clickhouse' | 'breaker' | 'function'

/** `unseen`: it could not be looked at, which says nothing about it. */
export type CheckState = 'ok' | 'warning' | 'wrong' | 'unseen'

/** Something a function stands on, and how it was found. Holds no secrets. */
export interface Check {
  readonly part: CheckPart
  /** Which one, e.g. a bucket or a table. */
  readonly name: string
  readonly state: CheckState
  /** One sentence, without its full stop. */
  readonly found: string
  /** What to do; where the state is `ok` there is nothing. */
  readonly fix?: string
}

/** Looks, and changes nothing. What it cannot find out is a check, too; only a bug is thrown. */
export type Checker = (signal: AbortSignal) => Promise<readonly Check[]>

/** Makes checks of one thing. */
export const checksOf = (part: CheckPart, name: string) => ({
  ok: (found: string): Check => ({ part, name, state: 'ok', found }),
  warning: (found: string, fix: string): Check => ({ part, name, state: 'warning', found, fix }),
  wrong: (found: string, fix: string): Check => ({ part, name, state: 'wrong', found, fix }),
  unseen: (found: string, fix: string): Check => ({ part, name, state: 'unseen', found, fix }),
})

export const isWrong = ({ state }: Check): boolean => state === 'wrong'
