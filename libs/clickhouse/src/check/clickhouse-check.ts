import { type Checker, isWrong, type Table } from '@silversmith/core'
import { createConnection } from '../connection.ts'
import type { ClickHouseSettings } from '../settings.ts'
import { checkReach } from './reach.ts'
import { type CheckedRole, checkTables } from './table-check.ts'

export interface ClickHouseCheckerOptions {
  readonly settings: ClickHouseSettings
  /** Those that rows may come for; `_reloads` is added. */
  readonly tables: readonly Table[]
  readonly role: CheckedRole
}

/** All that an INSERT, or for an inspector a count, would stumble over, before it does. */
export const createClickHouseChecker =
  ({ settings, tables, role }: ClickHouseCheckerOptions): Checker =>
  async (signal) => {
    const reach = await checkReach(settings, signal)
    if (isWrong(reach)) return [reach]
    const connection = createConnection(settings)
    try {
      return [reach, ...(await checkTables({ connection, settings, role, signal }, tables))]
    } finally {
      await connection.close()
    }
  }
