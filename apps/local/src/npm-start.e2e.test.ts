import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sampleObjects } from '@silversmith/datasets'
import { readParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startClickHouse } from './clickhouse/engine.ts'
import type { Report } from './report.ts'
import { sampleSeed } from './run.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const cli = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
const runMs = 240_000

let dir: string
const started = new Set<ChildProcess>()

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-e2e-'))
})
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await rm(dir, { recursive: true, force: true })
})

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
  /** The JSON document, as soon as it is printed. */
  readonly report: Promise<Report>
}

const start = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Started => {
  const inherited = { ...process.env }
  delete inherited['CLICKHOUSE_URL']
  const flags = ['--disable-warning=ExperimentalWarning', main]
  const child = spawn(process.execPath, [...flags, ...args], {
    env: { ...inherited, ...environment },
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  let stdout = ''
  let stderr = ''
  let tell: (report: Report) => void
  const report = new Promise<Report>((resolve) => (tell = resolve))
  child.stdout.on('data', (part: Buffer) => {
    stdout += part.toString()
    const line = /^\{.*\}$/m.exec(stdout)?.[0]
    if (line !== undefined) tell(JSON.parse(line) as Report)
  })
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
  const ended = once(child, 'close').then(() => {
    started.delete(child)
    return { code: child.exitCode, stdout, stderr }
  })
  return { child, ended, report }
}

/** A run that must end well. */
const load = async (args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Report> => {
  const { code, stdout, stderr } = await start([...args, '--json'], environment).ended
  expect(stderr.split('\n').filter((line) => /^not accounted|rror/.test(line))).toEqual([])
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Report
}

const identitiesIn = async (silverDir: string, table: string): Promise<string[]> => {
  const files = await readdir(join(silverDir, table), { recursive: true })
  const rows = []
  for (const file of files.filter((name) => name.endsWith('.parquet')))
    rows.push(...(await readParquet(await readFile(join(silverDir, table, file)))))
  return rows
    .map(
      (row) => `${String(row['_source'])} ${String(row['_record'])} ${String(row['event_hash'])}`,
    )
    .sort()
}

const runCli = async (args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
  const child = spawn(process.execPath, [cli, ...args, '--json'], {
    env: { ...process.env, ...environment },
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
  await once(child, 'close')
  const document: unknown = stdout === '' ? undefined : JSON.parse(stdout)
  return { code: child.exitCode, document, stderr }
}

const childrenOf = async (pid: number): Promise<number[]> => {
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

const allGone = (pids: readonly number[]) =>
  expect.poll(() => pids.filter(isRunning), { timeout: 20_000, interval: 50 }).toEqual([])

it(
  'brings every record of the sample to both targets or to quarantine, by its identity',
  async () => {
    const { expected } = sampleObjects({ seed: sampleSeed })
    const report = await load(['--dir', 'sample'])
    expect(report).toEqual({
      objects: expected.objects,
      records: expected.records,
      rows: expected.rows,
      rejected: expected.rejected,
      rejectedByReason: expected.rejectedByReason,
      duplicates: expected.duplicates,
      dispositions: expected.dispositions,
      discarded: 0,
      datasets: {
        xapi_events: {
          records: expected.records,
          rows: expected.rows,
          rejected: expected.rejected,
        },
      },
      tables: { raw_events: { rows: expected.rows, distinct: expected.rows } },
      silver: { files: expect.any(Number), rows: expected.rows, bytes: expect.any(Number) },
      quarantine: { files: expect.any(Number), records: expected.rejected },
      inserts: expect.any(Number),
      dlq: 0,
      seconds: expect.any(Number),
      silverDir: join(dir, 'sample/silver'),
      quarantineDir: join(dir, 'sample/quarantine'),
      clickhouseUrl: null,
    })
    expect(await identitiesIn(report.silverDir, 'raw_events')).toEqual(
      expected.accepted
        .map(({ key, record, hash }) => `s3://silversmith-bronze/${key} ${record} ${hash}`)
        .sort(),
    )
    const engine = await startClickHouse({ dir: join(dir, 'sample/clickhouse') })
    try {
      const query = 'SELECT _source, _record, event_hash FROM raw_events FORMAT TSV'
      const answer = await fetch(engine.url, { method: 'POST', body: query })
      const rows = (await answer.text()).trimEnd().split('\n')
      expect(rows.map((row) => row.replaceAll('\t', ' ')).sort()).toEqual(
        await identitiesIn(report.silverDir, 'raw_events'),
      )
    } finally {
      await engine.close()
    }
  },
  runMs,
)

const statement = (n: number): string =>
  JSON.stringify({
    actor: { account: { homePage: 'torus.example.edu', name: n % 7 } },
    verb: { id: 'https://w3id.org/xapi/video/verbs/played' },
    object: { id: `https://torus.example.edu/video/${n % 3}` },
    timestamp: new Date(Date.UTC(2026, 1, 1) + n * 3_600_000).toISOString(),
  })

it(
  'gives the same rows whatever the objects are cut into and however often events come, and nothing new the second time',
  async () => {
    const lines = Array.from({ length: 420 }, (_, n) => statement(n))
    // Two lines come again, one is bad.
    const text = [...lines, statement(3), statement(4), '{"bad":'].join('\n')
    await writeFile(join(dir, 'made.jsonl'), text)
    const input = ['--input', 'made.jsonl', '--split-lines', '50', '--dataset', 'xapi_events']
    const args = [...input, '--dir', 'made', '--target', 'silver', '--duplicate-events', '3']

    const first = await load(args)
    expect(first).toMatchObject({
      objects: 9,
      records: 423,
      rows: 422,
      rejected: 1,
      rejectedByReason: { invalid_json: 1 },
      duplicates: 2,
      dispositions: { rows: 9 },
      tables: { raw_events: { rows: 422, distinct: 422 } },
      inserts: 0,
      clickhouseUrl: null,
    })
    const identities = await identitiesIn(first.silverDir, 'raw_events')
    expect(new Set(identities).size).toBe(422)
    await expect(stat(join(dir, 'made/clickhouse'))).rejects.toThrow('ENOENT')

    const again = await load(args)
    expect(again).toMatchObject({
      objects: 0,
      records: 0,
      rows: 0,
      duplicates: 0,
      tables: first.tables,
      silver: first.silver,
      quarantine: first.quarantine,
    })
    expect(await identitiesIn(again.silverDir, 'raw_events')).toEqual(identities)

    const other = await start(['--dir', 'made', '--target', 'silver,clickhouse']).ended
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('--target silver,') })
  },
  runMs,
)

it(
  'keeps the stack up when asked, answers Invoke, lets nobody else in, and leaves no process behind',
  async () => {
    await writeFile(join(dir, 'few.jsonl'), `${statement(1)}\n${statement(2)}\n`)
    const args = ['--input', 'few.jsonl', '--dataset', 'xapi_events', '--dir', 'kept', '--keep']
    const kept = start([...args, '--json'])
    expect(await kept.report).toMatchObject({ objects: 1, rows: 2, dlq: 0 })
    const children = await childrenOf(kept.child.pid ?? 0)
    // ClickHouse and the functions.
    expect(children.length).toBeGreaterThan(1)

    await writeFile(join(dir, 'sweep.json'), '{"mode":"sweep"}')
    await writeFile(join(dir, 'wrong.json'), '{"mode":"sleep"}')
    const invoke = (event: string) => runCli(['invoke', 'bulk', '--event', event, '--dir', 'kept'])
    expect(await invoke('sweep.json')).toMatchObject({
      code: 0,
      document: { found: 0, sent: 0, aborted: 0 },
    })
    expect(await invoke('wrong.json')).toMatchObject({
      code: 1,
      document: { errorMessage: expect.stringContaining('sleep') },
    })
    const query = 'SELECT _record AS record FROM raw_events ORDER BY record'
    expect(await runCli(['query', query, '--dir', 'kept'])).toMatchObject({
      code: 0,
      document: [{ record: expect.anything() }, { record: expect.anything() }],
    })
    expect(await runCli(['query', 'SELECT nothing', '--dir', 'kept'])).toMatchObject({ code: 1 })
    const head = await runCli(['head', 'raw_events', '--limit', '1', '--dir', 'kept'])
    expect(head).toMatchObject({
      code: 0,
      document: [{ _source: 's3://silversmith-bronze/few.jsonl' }],
    })

    const second = await start(['--dir', 'kept']).ended
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`another run (process ${kept.child.pid}) uses`),
    })

    kept.child.kill('SIGINT')
    expect((await kept.ended).code).toBe(0)
    await allGone(children)
    await expect(stat(join(dir, 'kept/stack.json'))).rejects.toThrow('ENOENT')
    // The silver files stay and can still be looked at.
    const files = await runCli(['head', 'raw_events', '--dir', 'kept'])
    expect(files.document).toMatchObject([
      { timestamp: '2026-02-01T01:00:00.000Z' },
      { timestamp: '2026-02-01T02:00:00.000Z' },
    ])
  },
  runMs,
)

it(
  'leaves no function behind when it is killed, and the next run finishes its work',
  async () => {
    const args = ['--dir', 'killed', '--target', 'silver']
    const killed = start(args)
    const log = join(dir, 'killed/logs/transform.log')
    await expect
      .poll(() => readFile(log, 'utf8').catch(() => ''), { timeout: 60_000, interval: 20 })
      .toContain('START RequestId')
    const children = await childrenOf(killed.child.pid ?? 0)
    expect(children.length).toBeGreaterThan(0)
    killed.child.kill('SIGKILL')
    await killed.ended
    await allGone(children)

    const { expected } = sampleObjects({ seed: sampleSeed })
    const report = await load(args)
    expect(report).toMatchObject({
      tables: { raw_events: { rows: expected.rows, distinct: expected.rows } },
      quarantine: { records: expected.rejected },
      dlq: 0,
    })
  },
  runMs,
)

it(
  'changes nothing at a ClickHouse it was given, unless asked to migrate',
  async () => {
    const engine = await startClickHouse({ dir: join(dir, 'server') })
    const tables = async (): Promise<string> => {
      const body = `SELECT name FROM system.tables WHERE database = 'mine' FORMAT TSV`
      return (await fetch(engine.url, { method: 'POST', body })).text()
    }
    try {
      await fetch(engine.url, { method: 'POST', body: 'CREATE DATABASE mine' })
      const environment = { CLICKHOUSE_URL: engine.url, CLICKHOUSE_DATABASE: 'mine' }
      const args = ['--limit', '3', '--dir', 'foreign', '--target', 'clickhouse']
      const refused = await start(args, environment).ended
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--migrate') })
      expect(await tables()).toBe('')

      const plan = await runCli(['migrate', '--plan'], environment)
      expect(plan).toMatchObject({ code: 0, document: { applied: false, differences: [] } })
      expect(await tables()).toBe('')
      expect(await runCli(['migrate'], environment)).toMatchObject({ code: 0 })
      const after = await runCli(['migrate', '--plan'], environment)
      expect(after).toMatchObject({ code: 0, document: { steps: [] } })

      const report = await load([...args, '--migrate'], environment)
      expect(report).toMatchObject({ objects: 3, clickhouseUrl: engine.url })
      expect(report.tables['raw_events']?.rows).toBe(report.rows)
      expect(report.rows).toBeGreaterThan(0)
      // A new ledger brings the same rows again; those of others at the server are not its own.
      const again = await load(
        args.map((arg) => (arg === 'foreign' ? 'foreign2' : arg)),
        environment,
      )
      expect(again.tables).toEqual(report.tables)
    } finally {
      await engine.close()
    }
  },
  runMs,
)

it(
  'ends with 1 and the reason when a function cannot start',
  async () => {
    const args = ['--dir', 'unable', '--target', 'silver', '--limit', '1']
    const { code, stderr, stdout } = await start(args, { ROUTES: '[]' }).ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/could not start: [^]*ROUTES must be[^]*logs.(ingest|transform).log/)
  },
  runMs,
)

it.each<[string, readonly string[], RegExp, NodeJS.ProcessEnv?]>([
  ['an unknown option', ['--inptu', 'x'], /Unknown option '--inptu'/],
  ['a file that is not there', ['--input', 'none.jsonl'], /none.jsonl: there is no such file/],
  ['an unknown dataset', ['--dataset', 'x'], /--dataset knows .*xapi_events/],
  ['an unknown target', ['--target', 'gold'], /--target knows silver and clickhouse/],
  ['a number that is none', ['--limit', 'many'], /--limit must be a whole number/],
  [
    'a ClickHouse that is not there',
    ['--target', 'clickhouse', '--dir', 'nowhere'],
    /no usable answer from http:\/\/127.0.0.1:9/,
    { CLICKHOUSE_URL: 'http://127.0.0.1:9' },
  ],
])(
  'says in one message what is wrong with %s, and exits 2',
  async (_, args, message, environment) => {
    const { code, stdout, stderr } = await start(args, environment).ended
    expect(stderr).toMatch(message)
    expect({ code, stdout, trace: stderr.includes('    at ') }).toEqual({
      code: 2,
      stdout: '',
      trace: false,
    })
  },
)
