import { createClickHouseTarget, createConnection, migrate } from '@silversmith/clickhouse'
import type { ClickHouseSettings, Connection } from '@silversmith/clickhouse'
import { Fault } from '@silversmith/core'
import type { Store, Target } from '@silversmith/core'
import { startClickHouse } from '../engine.ts'
import { makePlain } from '../plain-table.ts'
import { events } from '../test-events.ts'

/** A ClickHouse on a folder, that is killed and comes again; and what speaks to it, made anew each time. */
export interface MortalRoom {
  readonly store: Pick<Store, 'write' | 'read'>
  readonly settings: ClickHouseSettings
  readonly connection: Connection
  /** As Lambdas have it; asked once already, so that its preflight is over. */
  readonly target: Target
  /** SIGKILL; nothing is there until `start`. */
  kill(): Promise<void>
  start(): Promise<void>
  /** A new empty table instead of the one there was. */
  renew(): Promise<void>
  close(): Promise<void>
}

const insertTimeoutMs = 60_000
const idle = (): AbortSignal => new AbortController().signal

/** Starts it with an empty table. Faults as of `startClickHouse`. */
export const startMortalRoom = async (dir: string): Promise<MortalRoom> => {
  const files = new Map<string, Uint8Array>()
  const store: MortalRoom['store'] = {
    write: async (key, bytes) => void files.set(key, bytes),
    read: async (key) => {
      const bytes = files.get(key)
      if (!bytes) throw new Fault('OBJECT_GONE', `no file ${key}`)
      return bytes
    },
  }
  let engine = await startClickHouse({ dir })
  let tables = 0
  const settingsNow = (): ClickHouseSettings => ({
    url: engine.url,
    database: `table${tables}`,
    insertTimeoutMs,
    connectTimeoutMs: 5_000,
    settings: {},
    engine: 'ReplacingMergeTree',
    deduplicationWindow: 10_000,
  })
  const speak = () => {
    const settings = settingsNow()
    const target = createClickHouseTarget({ settings, tables: [events], store })
    return { settings, connection: createConnection(settings), target }
  }
  let spoken = speak()
  const hush = async (): Promise<void> => {
    await spoken.target.close()
    await spoken.connection.close()
  }
  const greet = async (): Promise<void> => {
    spoken = speak()
    const chunk = { n: 0, table: events.name, month: '1970-01', rows: 0 }
    await spoken.target.has('none', chunk, idle())
  }
  const renew = async (): Promise<void> => {
    const old = spoken
    tables += 1
    const settings = settingsNow()
    await migrate(old.connection, [events], settings, idle())
    await makePlain(old.connection, settings, events, idle())
    const dropped = `DROP DATABASE IF EXISTS ${old.settings.database} SYNC`
    await old.connection.command(dropped, 'dropping the old table', idle())
    files.clear()
    await hush()
    await greet()
  }
  await renew()
  return {
    store,
    get settings() {
      return spoken.settings
    },
    get connection() {
      return spoken.connection
    },
    get target() {
      return spoken.target
    },
    kill: async () => {
      await engine.kill()
      await hush()
    },
    start: async () => {
      engine = await startClickHouse({ dir })
      await greet()
    },
    renew,
    close: async () => {
      await hush()
      await engine.close()
    },
  }
}
