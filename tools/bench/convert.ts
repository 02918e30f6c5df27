import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { buildOptions } from '../bundle.ts'
import { type Spent, spend } from './contestant.ts'
import { statementsFile } from './statements.ts'

export interface ConvertOptions {
  /** JSONL of statements; made when absent. */
  readonly input: string | undefined
  readonly statements: number
  /** Rounds; odd, so that there is a median. */
  readonly runs: number
  /** An interpreter with pyarrow. */
  readonly python: string
  readonly onRun: (what: string) => void
}

interface Figures {
  readonly cpuSeconds: number
  readonly peakMiB: number
}

export interface Contest {
  readonly ours: Figures & { readonly mbPerCpuSecond: number }
  /** `ratio`: ours by theirs, of CPU seconds, pair by pair; below 1 we are faster. */
  readonly peers: Readonly<Record<string, Figures & { readonly ratio: number }>>
}

export interface ConvertResult extends Contest {
  readonly input: { readonly statements: number; readonly bytes: number }
  readonly runs: number
  readonly plain: Contest
  readonly skipped: Readonly<Record<string, string>>
}

const folder = fileURLToPath(new URL('convert/', import.meta.url))
const scripts = ['ours', 'plain-ours', 'parquetjs', 'hyparquet-writer', 'duckdb'] as const
type Script = (typeof scripts)[number]

/** Contestants are bundled as the functions are, so that nobody pays for reading TypeScript; parquetjs itself is taken as it is installed. */
const bundleScripts = async (into: string): Promise<void> => {
  for (const name of scripts)
    await build({
      ...buildOptions,
      entryPoints: [join(folder, `${name}.ts`)],
      outfile: join(into, `${name}.mjs`),
      external: ['@duckdb/node-api', ...(name === 'parquetjs' ? ['@dsnp/parquetjs'] : [])],
    })
}

/** Name → what is run. */
type Field = Readonly<Record<string, () => Promise<Spent>>>

/**
 * Turns one file of statements into Parquet, once by us and once by each of the others, in rounds: every figure is a whole
 * process's, its start-up included, and a ratio is of two that ran one after the other.
 */
export const runConvert = async (options: ConvertOptions): Promise<ConvertResult> => {
  const input = options.input ?? (await statementsFile(options.statements))
  // Below the workspace: what is not bundled is found in its node_modules.
  const work = await mkdtemp(join(folder, '.run-'))
  const outputs = await mkdtemp(join(tmpdir(), 'silversmith-bench-'))
  try {
    await bundleScripts(work)
    const node = (name: Script, variant: string) => () =>
      spend(process.execPath, [
        join(work, `${name}.mjs`),
        input,
        join(outputs, `${name}-${variant}${name === 'ours' ? '' : '.parquet'}`),
        variant,
      ])
    const python = await findPython(options.python)
    const whole: Field = {
      ours: node('ours', 'whole'),
      ...('problem' in python
        ? {}
        : { 'seed 000 (Python)': pythonRun(python.path, input, outputs) }),
      parquetjs: node('parquetjs', 'whole'),
      'hyparquet-writer': node('hyparquet-writer', 'whole'),
      DuckDB: node('duckdb', 'whole'),
    }
    const plain: Field = {
      ours: node('plain-ours', 'plain'),
      parquetjs: node('parquetjs', 'plain'),
      'hyparquet-writer': node('hyparquet-writer', 'plain'),
      DuckDB: node('duckdb', 'plain'),
    }
    const bytes = (await stat(input)).size
    const first = await contest(whole, bytes, options)
    const second = await contest(plain, bytes, options)
    return {
      input: { statements: first.rows, bytes },
      runs: options.runs,
      ...first.contest,
      plain: second.contest,
      skipped: 'problem' in python ? { 'seed 000 (Python)': python.problem } : {},
    }
  } finally {
    await rm(work, { recursive: true, force: true })
    await rm(outputs, { recursive: true, force: true })
  }
}

const pythonRun = (path: string, input: string, outputs: string) => () =>
  spend(path, [join(folder, 'seed_000.py'), input, join(outputs, 'python.parquet')])

const findPython = async (path: string): Promise<{ path: string } | { problem: string }> => {
  try {
    await promisify(execFile)(path, ['-c', 'import pyarrow'])
    return { path }
  } catch {
    return { problem: `${path} has no pyarrow; name one that has with --python` }
  }
}

const contest = async (
  field: Field,
  bytes: number,
  { runs, onRun }: ConvertOptions,
): Promise<{ readonly rows: number; readonly contest: Contest }> => {
  const spent = new Map<string, Spent[]>(Object.keys(field).map((name) => [name, []]))
  for (let round = 1; round <= runs; round += 1) {
    for (const [name, run] of Object.entries(field)) {
      onRun(`round ${round} of ${runs}: ${name}`)
      spent.get(name)?.push(await run())
    }
  }
  const ours = spent.get('ours') ?? []
  const rows = ours[0]?.rows ?? 0
  for (const [name, own] of spent) {
    const other = own.find((one) => one.rows !== rows)
    if (other) throw new Error(`${name} wrote ${other.rows} rows, we ${rows}`)
  }
  const peers = [...spent].filter(([name]) => name !== 'ours')
  const figures = figuresOf(ours)
  return {
    rows,
    contest: {
      ours: { ...figures, mbPerCpuSecond: round(bytes / 1e6 / figures.cpuSeconds) },
      peers: Object.fromEntries(
        peers.map(([name, own]) => {
          const ratios = own.map((one, at) => (ours[at]?.cpuSeconds ?? NaN) / one.cpuSeconds)
          return [name, { ...figuresOf(own), ratio: round(median(ratios)) }]
        }),
      ),
    },
  }
}

const figuresOf = (runs: readonly Spent[]): Figures => ({
  cpuSeconds: round(median(runs.map(({ cpuSeconds }) => cpuSeconds))),
  peakMiB: Math.round(median(runs.map(({ peakMiB }) => peakMiB))),
})

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

const round = (value: number): number => Math.round(value * 1000) / 1000
