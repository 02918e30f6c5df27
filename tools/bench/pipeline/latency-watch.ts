import { setTimeout as sleep } from 'node:timers/promises'
import { ask, linesOf, table } from '@silversmith/local'

/** Sees objects become queryable in ClickHouse. */
export interface LatencyWatch {
  /** Its rows are looked for from now on. `dueAt`: its time of upload, by `performance.now()`. */
  add(source: string, rows: number, dueAt: number): void
  /** Objects that are not whole there yet. */
  waiting(): number
  /** Of each object that is, ms from its time of upload to the answer of the query that had all its rows. */
  latencies(): readonly number[]
  stop(): Promise<void>
}

/** Between two queries. It counts as latency: on average half of it is not the stack's. */
const pollMs = 100
/** Batches that were begun so long before an object was uploaded cannot have it, even if the clock was set back. */
const marginMs = 30_000

interface Waiting {
  readonly rows: number
  readonly dueAt: number
  /** Epoch ms. */
  readonly since: number
}

export const watchLatency = (engineUrl: string): LatencyWatch => {
  const open = new Map<string, Waiting>()
  const latencies: number[] = []
  let isOver = false
  let failure: { readonly error: unknown } | undefined

  const poll = async (): Promise<void> => {
    const oldest = Math.min(...[...open.values()].map(({ since }) => since))
    const statement = `SELECT _source, count() FROM ${table}
      WHERE _loaded_at >= fromUnixTimestamp64Milli(${oldest}) GROUP BY _source FORMAT TSV`
    const lines = linesOf(await ask(engineUrl, statement))
    const now = performance.now()
    for (const line of lines) {
      const [source = '', count] = line.split('\t')
      const one = open.get(source)
      if (!one || Number(count) < one.rows) continue
      open.delete(source)
      latencies.push(now - one.dueAt)
    }
  }
  const run = async (): Promise<void> => {
    while (!isOver) {
      if (open.size > 0) await poll()
      await sleep(pollMs)
    }
  }
  const running = run().catch((error: unknown) => void (failure = { error }))
  const check = (): void => {
    if (failure) throw failure.error
  }
  return {
    add: (source, rows, dueAt) =>
      void open.set(source, { rows, dueAt, since: Date.now() - marginMs }),
    waiting: () => {
      check()
      return open.size
    },
    latencies: () => latencies,
    stop: async () => {
      isOver = true
      await running
      check()
    },
  }
}
