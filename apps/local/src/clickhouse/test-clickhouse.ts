import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, migrate } from '@silversmith/clickhouse'
import type { ClickHouseSettings, Connection } from '@silversmith/clickhouse'
import type { Table } from '@silversmith/core'
import { startClickHouse } from './engine.ts'
import { makePlain } from './plain-table.ts'

export interface TestDatabase {
  readonly database: string
  readonly settings: ClickHouseSettings
  /** `<_chunk>/<_record>` of every row of a table or view, sorted. */
  identities(name?: string): Promise<readonly string[]>
}

/** A real engine on a folder of its own, for one test file. */
export interface TestClickHouse {
  readonly admin: Connection
  run(statement: string): Promise<void>
  read<Row>(statement: string): Promise<readonly Row[]>
  /** Settings of a database that does not exist yet. */
  newSettings(): ClickHouseSettings
  /** A new database with these tables. Plain: merges drop no row of them, see `makePlain`. */
  makeDatabase(
    tables: readonly Table[],
    options?: { readonly isPlain?: boolean; readonly deduplicationWindow?: number },
  ): Promise<TestDatabase>
  close(): Promise<void>
}

const idle = (): AbortSignal => new AbortController().signal

export const startTestClickHouse = async (): Promise<TestClickHouse> => {
  const dir = await mkdtemp(join(tmpdir(), 'silversmith-clickhouse-'))
  const engine = await startClickHouse({ dir })
  const newSettings = (): ClickHouseSettings => ({
    url: engine.url,
    database: `d_${randomUUID().replaceAll('-', '')}`,
    insertTimeoutMs: 30_000,
    connectTimeoutMs: 5_000,
    settings: {},
    engine: 'ReplacingMergeTree',
    deduplicationWindow: 10_000,
  })
  const admin = createConnection(newSettings())
  const read = <Row>(statement: string): Promise<readonly Row[]> =>
    admin.query<Row>({ statement, what: 'the test' }, idle())
  return {
    admin,
    run: (statement) => admin.command(statement, 'the test', idle()),
    read,
    newSettings,
    makeDatabase: async (tables, { isPlain = false, ...more } = {}) => {
      const settings = { ...newSettings(), ...more }
      const { database } = settings
      await migrate(admin, tables, settings, idle())
      if (isPlain) for (const table of tables) await makePlain(admin, settings, table, idle())
      return {
        database,
        settings,
        identities: async (name = tables[0]?.name ?? '') => {
          const rows = await read<{ id: string }>(
            `SELECT concat(_chunk, '/', toString(_record)) AS id FROM ${database}.${name} ORDER BY id`,
          )
          return rows.map(({ id }) => id)
        },
      }
    },
    close: async () => {
      await admin.close()
      await engine.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
