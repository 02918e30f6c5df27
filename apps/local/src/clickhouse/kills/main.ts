import { parseArgs } from 'node:util'
import { isFault } from '@silversmith/core'
import { runKills } from './kill-run.ts'
import type { KillReport } from './kill-run.ts'

const usage = 'npm run kills -- [--kills N] [--seed N] [--json]'

const killsUsual = 30

const help = `${usage}

Kills the real ClickHouse engine (SIGKILL) at random moments of INSERTs into many partitions, starts it on the same folder,
sends them again with the same tokens, and compares every row with what was sent.

  --kills N  how often it is killed. Default: ${killsUsual}
  --seed N   decides what is sent and when it is killed. Default: drawn, and told
  --json     one JSON document on standard output
  --help     this text

Exit codes: 0 every row is there once, 1 one is not or the run broke off, 2 wrong usage.
`

const definitions = {
  kills: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const countOf = (option: string, text: string, least: number): number => {
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new TypeError(`--${option} must be a whole number from ${least} on, not "${text}"`)
}

/** @throws TypeError for what cannot be. */
const readOptions = (): { kills: number; seed: number; json: boolean } | 'help' => {
  const { values } = parseArgs({ options: definitions })
  if (values.help) return 'help'
  return {
    kills: values.kills === undefined ? killsUsual : countOf('kills', values.kills, 1),
    seed: values.seed === undefined ? Date.now() % 1_000_000 : countOf('seed', values.seed, 0),
    json: values.json ?? false,
  }
}

const print = ({ problems, ...numbers }: KillReport): void => {
  for (const [name, value] of Object.entries(numbers))
    process.stdout.write(`${name.padEnd(20)} ${value}\n`)
  for (const problem of problems) process.stdout.write(`${problem}\n`)
}

const run = async (kills: number, seed: number, isJson: boolean): Promise<void> => {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.stderr.write(`seed ${seed}\n`)
  const report = await runKills({
    kills,
    seed,
    signal: stop.signal,
    onRound: (figures) => {
      if (process.stderr.isTTY)
        process.stderr.write(
          `\r${figures.kills} of ${kills} kills, ${figures.unansweredPartly} INSERTs partly there, ${figures.problems.length} problems `,
        )
    },
  })
  if (process.stderr.isTTY) process.stderr.write('\n')
  if (isJson) process.stdout.write(`${JSON.stringify(report)}\n`)
  else print(report)
  process.exitCode = report.problems.length > 0 || report.kills < kills ? 1 : 0
}

try {
  const asked = readOptions()
  if (asked === 'help') process.stdout.write(help)
  else await run(asked.kills, asked.seed, asked.json)
} catch (error) {
  const isUsage = error instanceof TypeError
  if (!isUsage && !isFault(error)) throw error
  process.stderr.write(`${error.message}\n${isUsage ? `usage: ${usage}\n` : ''}`)
  process.exitCode = isUsage ? 2 : 1
}
