import { startClickHouse } from '../clickhouse/engine.ts'
import { ask } from './engine-question.ts'

/** A ClickHouse that may crash and come again on the same folder, elsewhere. */
export interface MortalEngine {
  url(): string
  pid(): number
  /** Stops all merges of the table, for ever. */
  stopMerges(table: string): Promise<void>
  /** SIGKILL, and a new one. */
  crash(): Promise<void>
  /** SIGKILL; nobody answers until `revive`. */
  kill(): Promise<void>
  revive(): Promise<void>
  /** Makes the table forget every INSERT it had. */
  forgetTokens(table: string): Promise<void>
  /** Parts that came of a merge. */
  countMerged(table: string): Promise<number>
  close(): Promise<void>
}

const window = 'non_replicated_deduplication_window'

export const startMortalEngine = async (
  dir: string,
  onStart: (url: string) => void,
): Promise<MortalEngine> => {
  let engine = await startClickHouse({ dir })
  onStart(engine.url)
  const alter = (table: string, name: string, value: string): Promise<string> =>
    ask(engine.url, `ALTER TABLE ${table} MODIFY SETTING ${name} = ${value}`)
  const still = new Set<string>()
  const stop = (table: string): Promise<string> => ask(engine.url, `SYSTEM STOP MERGES ${table}`)
  const revive = async (): Promise<void> => {
    engine = await startClickHouse({ dir })
    for (const table of still) await stop(table)
    onStart(engine.url)
  }
  return {
    url: () => engine.url,
    pid: () => engine.pid,
    stopMerges: async (table) => {
      // The statement ends with the engine, the setting does not.
      await alter(table, 'max_bytes_to_merge_at_max_space_in_pool', '1')
      await stop(table)
      still.add(table)
    },
    crash: async () => {
      await engine.kill()
      await revive()
    },
    kill: () => engine.kill(),
    revive,
    forgetTokens: async (table) => {
      const definition = await ask(engine.url, `SHOW CREATE TABLE ${table} FORMAT TSVRaw`)
      const size = new RegExp(`${window} = (\\d+)`).exec(definition)?.[1]
      if (size === undefined) throw new Error(`${table} keeps no tokens`)
      await alter(table, window, '0')
      await alter(table, window, size)
    },
    countMerged: async (table) =>
      Number(
        await ask(
          engine.url,
          `SELECT count() FROM system.parts WHERE table = '${table}' AND level > 0 FORMAT TSV`,
        ),
      ),
    close: () => engine.close(),
  }
}
