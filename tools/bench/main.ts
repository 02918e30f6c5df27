import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Contest, runConvert } from './convert.ts'

const benches = ['convert'] as const

const usage = `npm run bench -- convert [--statements N] [--input FILE] [--runs N] [--python PATH] [--json]

  convert   one JSONL file of xAPI statements to Parquet, beside what else can do it: CPU seconds, memory, ratios

  --statements N   how many to make, 200 000 by default
  --input FILE     statements of one's own instead; they must all be good ones
  --runs N         rounds, odd, 3 by default; figures are medians
  --python PATH    an interpreter with pyarrow, for seed 000's way; python3 by default
  --json           one JSON document on standard output
`

class UsageError extends Error {}

const readArguments = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        statements: { type: 'string', default: '200000' },
        input: { type: 'string' },
        runs: { type: 'string', default: '3' },
        python: { type: 'string', default: process.env['SILVERSMITH_PYTHON'] ?? 'python3' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

const wholeFrom = (name: string, text: string, min: number): number => {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min) return value
  throw new UsageError(`--${name} must be a whole number from ${min} on, not "${text}"`)
}

const commitOf = (): string => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'none'
  }
}

const gib = 1024 ** 3

const machineOf = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / gib),
  node: process.version,
})

const describe = (title: string, { ours, peers }: Contest): string => {
  const line = (name: string, cpu: number, peak: number, more: string): string =>
    `${name.padEnd(20)}${cpu.toFixed(2).padStart(8)} s${String(peak).padStart(7)} MiB  ${more}`
  return [
    title,
    line(
      'ours',
      ours.cpuSeconds,
      ours.peakMiB,
      `${ours.mbPerCpuSecond.toFixed(0)} MB per CPU second`,
    ),
    ...Object.entries(peers).map(([name, { cpuSeconds, peakMiB, ratio }]) =>
      line(name, cpuSeconds, peakMiB, `ours takes ${ratio.toFixed(2)} of it`),
    ),
  ].join('\n')
}

const main = async (): Promise<void> => {
  const { values, positionals } = readArguments(process.argv.slice(2))
  if (values.help) return void process.stdout.write(usage)
  const [bench, ...more] = positionals
  if (more.length > 0 || !benches.some((known) => known === bench))
    throw new UsageError(
      `there is no bench "${positionals.join(' ')}"; there are ${benches.join(', ')}`,
    )
  const runs = wholeFrom('runs', values.runs, 1)
  if (runs % 2 === 0) throw new UsageError('--runs must be odd: figures are medians')
  const result = await runConvert({
    ...{ input: values.input, runs, python: values.python },
    statements: wholeFrom('statements', values.statements, 1),
    onRun: (what) => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${what}`)),
  })
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const document = { bench, machine: machineOf(), commit: commitOf(), ...result }
  if (values.json) return void console.log(JSON.stringify(document, null, 2))
  console.log(
    [
      `${result.input.statements} statements, ${(result.input.bytes / 1e6).toFixed(0)} MB; medians of ${runs}`,
      '',
      describe('All columns of xapi_events, hash and lineage', result),
      '',
      describe('18 plain columns', result.plain),
      ...Object.entries(result.skipped).map(([name, why]) => `skipped: ${name}: ${why}`),
    ].join('\n'),
  )
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
