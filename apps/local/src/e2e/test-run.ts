import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readParquet } from '@silversmith/parquet'
import { expect } from 'vitest'
import type { Report } from '../account/report.ts'

/** What a process of `npm start` or `silversmith` did. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** The JSON document, as soon as it is printed. */
  readonly report: Promise<Report>
}

/** The commands as a person starts them, in a folder of their own. */
export interface TestRuns {
  readonly dir: string
  start(args: readonly string[], environment?: NodeJS.ProcessEnv): Started
  /** A run that must end well. */
  load(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Report>
  /** `silversmith …`; `onOutput` is told all of its standard output, whenever there is more. */
  command(
    args: readonly string[],
    onOutput?: (text: string) => void,
  ): { readonly child: ChildProcess; readonly ended: Promise<Ended> }
  /** `silversmith … --json`. */
  ask(
    args: readonly string[],
    environment?: NodeJS.ProcessEnv,
  ): Promise<{ readonly code: number | null; readonly document: unknown; readonly stderr: string }>
  close(): Promise<void>
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const cli = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))

/** What a person's shell may hold and these tests must not depend on. */
const withoutServices = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS_|CLICKHOUSE_)/.test(name)),
  )

const collect = (child: ChildProcess, onStdout: (text: string) => void): Promise<Ended> => {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (part: Buffer) => onStdout((stdout += part.toString())))
  child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()))
  return once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }))
}

export const startTestRuns = async (): Promise<TestRuns> => {
  const dir = await mkdtemp(join(tmpdir(), 'silversmith-e2e-'))
  const running = new Set<ChildProcess>()
  const spawnIn = (args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      env: { ...withoutServices(), ...environment },
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    child.once('close', () => running.delete(child))
    return child
  }
  const start = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Started => {
    const child = spawnIn([main, ...args], environment)
    let tell: (report: Report) => void = () => undefined
    const report = new Promise<Report>((resolve) => (tell = resolve))
    const ended = collect(child, (stdout) => {
      const line = /^\{.*\}$/m.exec(stdout)?.[0]
      if (line !== undefined) tell(JSON.parse(line) as Report)
    })
    return { child, ended, report }
  }
  return {
    dir,
    start,
    load: async (args, environment) => {
      const { code, stdout, stderr } = await start([...args, '--json'], environment).ended
      expect(stderr.split('\n').filter((line) => /^not accounted|rror/.test(line))).toEqual([])
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Report
    },
    command: (args, onOutput = () => undefined) => {
      const child = spawnIn([cli, ...args], {})
      return { child, ended: collect(child, onOutput) }
    },
    ask: async (args, environment = {}) => {
      const child = spawnIn([cli, ...args, '--json'], environment)
      const { code, stdout, stderr } = await collect(child, () => undefined)
      const last = stdout.trimEnd().split('\n').at(-1)
      const document: unknown = last ? JSON.parse(last) : undefined
      return { code, document, stderr }
    },
    close: async () => {
      for (const child of running) child.kill('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** `source record hash` of every row in the silver files of a table, sorted. */
/** The column with the hash of the record. */
export const hashColumnOf = (table: string): string =>
  table === 'experiment_attributions' ? 'raw_event_hash' : 'event_hash'

export const identitiesIn = async (silverDir: string, table: string): Promise<string[]> => {
  const files = await readdir(join(silverDir, table), { recursive: true })
  const rows = []
  for (const file of files.filter((name) => name.endsWith('.parquet')))
    rows.push(...(await readParquet(await readFile(join(silverDir, table, file)))))
  return rows
    .map(
      (row) =>
        `${String(row['_source'])} ${String(row['_record'])} ${String(row[hashColumnOf(table)])}`,
    )
    .sort()
}

export const childrenOf = async (pid: number): Promise<number[]> => {
  const found = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({
    stdout: '',
  }))
  return found.stdout.split('\n').filter(Boolean).map(Number)
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export const expectGone = (pids: readonly number[]) =>
  expect.poll(() => pids.filter(isRunning), { timeout: 300_000, interval: 50 }).toEqual([])

/** An event of OLI Torus, one an hour from 2026-02-01 on. */
export const statementOf = (n: number): string =>
  JSON.stringify({
    actor: { account: { homePage: 'torus.example.edu', name: n % 7 } },
    verb: { id: 'https://w3id.org/xapi/video/verbs/played' },
    object: { id: `https://torus.example.edu/video/${n % 3}` },
    timestamp: new Date(Date.UTC(2026, 1, 1) + n * 3_600_000).toISOString(),
  })
