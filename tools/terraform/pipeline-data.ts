import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FunctionName } from '../bundle.ts'

export const terraformDir = fileURLToPath(new URL('../../terraform', import.meta.url))

const read = <Data>(path: string): Data =>
  JSON.parse(readFileSync(`${terraformDir}/modules/${path}`, 'utf8')) as Data

/** What a role may do, as `permissions.tf` reads it. */
export interface Statement {
  readonly id: string
  readonly actions: readonly string[]
  /** By the names of `local.things`. */
  readonly resources: readonly string[]
  /** Why it is allowed of everything; only then. */
  readonly why?: string
}

export const permissions = read<Readonly<Record<FunctionName | 'every', readonly Statement[]>>>(
  'pipeline/permissions.json',
)

export interface FunctionNames {
  /** Name → key of `local.values`. */
  readonly set: Readonly<Record<string, string>>
  /** Given by the variable `settings`. */
  readonly open: readonly string[]
  /** Name → why it is not to be set. */
  readonly closed: Readonly<Record<string, string>>
}

export const settingNames =
  read<Readonly<Record<FunctionName, FunctionNames>>>('pipeline/settings.json')

export interface TableFacts {
  readonly key: string
  readonly attributes: Readonly<Record<string, string>>
  readonly ttl?: string
  readonly index?: {
    readonly name: string
    readonly key: string
    readonly range: string
    readonly projection: string
  }
}

export const tables =
  read<Readonly<Record<'ledger' | 'idempotency', TableFacts>>>('ledger/tables.json')
