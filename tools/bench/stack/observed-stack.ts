import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { datasets } from '@silversmith/datasets'
import {
  type FunctionName,
  functionNames,
  type Stack,
  startClickHouse,
  startStack,
  type Tuning,
} from '@silversmith/local'
import type { Tallies, Tally } from './request-tally.ts'
import { tallyRequests } from './request-tally.ts'
import { readSpending, type Spending, spendingOf } from './spending.ts'

/** Who spends: the processes of each function, ClickHouse, and the process that is S3, SQS, DynamoDB, mappings and uploader. */
export type Spender = FunctionName | 'clickhouse' | 'services'

export interface Spent {
  readonly cpuSeconds: number
  /** Of the largest process. Absent of ClickHouse. */
  readonly peakMiB?: number
  /** Absent of ClickHouse, which makes none. */
  readonly requests?: Tallies
}

export type Spendings = Readonly<Record<Spender, Spent>>

/** The whole local stack with both targets, as `npm start` runs it, in a folder of its own; its processes are watched. */
export interface ObservedStack {
  readonly stack: Stack
  /** Asks the engine in SQL. */
  readonly engineUrl: string
  /** Aborted when a function cannot start. */
  readonly signal: AbortSignal
  /** Since the last call, or the start. */
  spend(): Promise<Spendings>
  close(): Promise<void>
}

const observer = new URL('function-observer.ts', import.meta.url)

const runFile = promisify(execFile)
/** Of the times in `/proc`, on every Linux. */
const ticksPerSecond = 100

/** User and system time so far of a process that is not ours to ask; by `ps`, where there is no `/proc`, in whole seconds. */
const cpuSecondsOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat !== undefined) {
    // The second field is a name in brackets, which may hold blanks.
    const [user = '', system = ''] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11)
    return (Number(user) + Number(system)) / ticksPerSecond
  }
  const { stdout } = await runFile('ps', ['-o', 'time=', '-p', String(pid)])
  const [clock = '', days = '0'] = stdout.trim().split('-').toReversed()
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
}

const addTallies = (all: readonly Tallies[]): Tallies => {
  const sums: Record<string, Tally> = {}
  for (const tallies of all)
    for (const [kind, { count, ms, busyMs }] of Object.entries(tallies)) {
      const sum = sums[kind] ?? { count: 0, ms: 0, busyMs: 0 }
      sums[kind] = { count: sum.count + count, ms: sum.ms + ms, busyMs: sum.busyMs + busyMs }
    }
  return sums
}

const sumOf = (spendings: readonly Spending[]): Spent => ({
  cpuSeconds: spendings.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  peakMiB: Math.round(Math.max(0, ...spendings.map(({ peakMiB }) => peakMiB))),
  requests: addTallies(spendings.map(({ requests }) => requests)),
})

const round = (value: number): number => Math.round(value * 100) / 100

const between = (before: Spent | undefined, now: Spent): Spent => ({
  ...now,
  cpuSeconds: round(now.cpuSeconds - (before?.cpuSeconds ?? 0)),
  ...(now.requests && {
    requests: Object.fromEntries(
      Object.entries(now.requests).flatMap(([kind, tally]) => {
        const old = before?.requests?.[kind]
        if (!old) return [[kind, tally]]
        const count = tally.count - old.count
        const since = { count, ms: tally.ms - old.ms, busyMs: tally.busyMs - old.busyMs }
        return count === 0 ? [] : [[kind, since]]
      }),
    ),
  }),
})

/** Of this process, which subscribes once. */
let ownTallies: (() => Tallies) | undefined

/** Nothing moves before `stack.start()`. */
export const startObservedStack = async (tuning: Tuning = {}): Promise<ObservedStack> => {
  const dir = await mkdtemp(join(tmpdir(), 'silversmith-bench-'))
  const ending = new AbortController()
  const { signal } = ending
  ownTallies ??= tallyRequests()
  const own = ownTallies
  const told = new Map<FunctionName, Map<number, Spending>>()
  await mkdir(join(dir, 'stack'))
  const engine = await startClickHouse({ dir: join(dir, 'engine') })
  const stack = await startStack({
    dir: join(dir, 'stack'),
    targets: ['silver', 'clickhouse'],
    routes: undefined,
    tables: datasets.flatMap(({ tables }) => tables),
    duplicateEvents: 1,
    migrate: true,
    environment: { CLICKHOUSE_URL: engine.url },
    onInitFailure: (name, { errorMessage }) =>
      ending.abort(new Error(`${name} could not start: ${errorMessage}`)),
    onLine: (name, line) => {
      const spending = readSpending(line)
      if (!spending) return
      const processes = told.get(name) ?? new Map<number, Spending>()
      told.set(name, processes.set(spending.pid, spending))
    },
    signal,
    tuning: {
      ...tuning,
      tuneFunction: (settings) => ({
        ...settings,
        env: { ...settings.env, NODE_OPTIONS: `--import=${observer.href}` },
      }),
    },
  }).catch(async (error: unknown) => {
    await engine.close()
    throw error
  })
  const look = async (): Promise<Spendings> => {
    const functions = functionNames.map((name) => [
      name,
      sumOf([...(told.get(name)?.values() ?? [])]),
    ])
    return {
      ...(Object.fromEntries(functions) as Record<FunctionName, Spent>),
      clickhouse: { cpuSeconds: await cpuSecondsOf(engine.pid) },
      services: sumOf([spendingOf(own())]),
    }
  }
  let before = await look()
  return {
    stack,
    engineUrl: engine.url,
    signal,
    spend: async () => {
      const now = await look()
      const entries = Object.entries(now) as [Spender, Spent][]
      const since = entries.map(([name, spent]) => [name, between(before[name], spent)])
      before = now
      return Object.fromEntries(since) as Spendings
    },
    close: async () => {
      await stack.close()
      await engine.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
