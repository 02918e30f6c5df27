import { parseArgs } from 'node:util'
import { createInput } from './fuzz-input.ts'
import { type FuzzReport, runFuzz } from './fuzz-run.ts'
import { createWatchdog } from './watchdog.ts'

const usage = 'npm run fuzz -- [--inputs N] [--seed N] [--json]'

const inputsUsual = 20_000
const inputsMax = 2 ** 31 - 1
/** Far longer than the slowest input takes; one that takes longer does not end. */
const stuckMs = 60_000

const help = `${usage}

Reads damaged, odd and random objects through the production code, and checks that every record is in exactly one of rows,
quarantine and discarded. One in forty also goes through the whole of transform, with ledger, Parquet and manifest.

  --inputs N  objects, one a seed. Default: ${inputsUsual}, or 1 where --seed is given
  --seed N    seed of the first object. Default: 1. A single one is shown with its bytes
  --json      one JSON document on standard output
  --help      this text

Exit codes: 0 all is well, 1 an object is bad, 2 wrong usage. An object that does not end within ${stuckMs / 1000} s is named, and
the process killed.
`

const options = {
  inputs: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const wholeOf = (name: string, text: string | undefined, least: number, usual: number): number => {
  if (text === undefined) return usual
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= inputsMax) return value
  throw new TypeError(`--${name} must be a whole number from ${least} on, not "${text}"`)
}

/** What was asked for. @throws TypeError for what cannot be. */
const readOptions = (): { inputs: number; firstSeed: number; json: boolean } | 'help' => {
  const { values } = parseArgs({ options })
  if (values.help) return 'help'
  const inputs = wholeOf('inputs', values.inputs, 1, values.seed === undefined ? inputsUsual : 1)
  return { inputs, firstSeed: wholeOf('seed', values.seed, 0, 1), json: values.json ?? false }
}

const shownBytesMax = 4 * 1024

const hexOf = (bytes: Buffer): string =>
  bytes.length <= shownBytesMax
    ? bytes.toString('hex')
    : `${bytes.toString('hex', 0, shownBytesMax)}… (${bytes.length} bytes)`

/** All there is to say of one input. */
const describe = (seed: number) => {
  const { bytes, contentEncoding, dataset, key, limits, pieceBytes } = createInput(seed)
  const { recordBytesMax } = limits
  return {
    ...{ seed, key, dataset: dataset.name, contentEncoding, pieceBytes, recordBytesMax },
    hex: hexOf(bytes),
  }
}

const print = ({
  failures,
  rejectedByReason,
  dispositions,
  slowest,
  ...sums
}: FuzzReport): void => {
  const lines = [
    ...Object.entries(sums),
    ...Object.entries(rejectedByReason).map(([name, n]) => [`rejected: ${name}`, n] as const),
    ...Object.entries(dispositions).map(([name, n]) => [`disposition: ${name}`, n] as const),
    ['slowest', `${slowest.ms} ms (seed ${slowest.seed})`] as const,
    ['bad inputs', failures.length] as const,
  ]
  for (const [name, value] of lines) process.stdout.write(`${name.padEnd(36)} ${value}\n`)
}

const run = async (inputs: number, firstSeed: number, json: boolean): Promise<void> => {
  const watchdog = createWatchdog(stuckMs)
  const report = await runFuzz({ inputs, firstSeed, begin: watchdog.begin })
  await watchdog.stop()
  const failures = report.failures.map((failure) => ({ ...failure, input: describe(failure.seed) }))
  for (const { seed, problems, input } of failures) {
    process.stderr.write(`seed ${seed} is bad: npm run fuzz -- --seed ${seed}\n`)
    for (const problem of problems) process.stderr.write(`  ${problem}\n`)
    process.stderr.write(`  ${JSON.stringify(input)}\n`)
  }
  if (json) process.stdout.write(`${JSON.stringify({ ...report, failures })}\n`)
  else {
    if (inputs === 1) process.stdout.write(`${JSON.stringify(describe(firstSeed), null, 2)}\n`)
    print(report)
  }
  process.exitCode = failures.length > 0 ? 1 : 0
}

try {
  const asked = readOptions()
  if (asked === 'help') process.stdout.write(help)
  else await run(asked.inputs, asked.firstSeed, asked.json)
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\nusage: ${usage}\n`)
  process.exitCode = 2
}
