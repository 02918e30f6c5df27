import { randomInt } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeFolder } from '../folder.ts'
import { createProgress } from '../progress.ts'
import type { Progress } from '../progress.ts'
import { UsageError } from '../usage-error.ts'
import { startChaos } from './chaos.ts'
import type { ChaosOptions } from './chaos.ts'
import { help, readOptions } from './options.ts'
import type { Options } from './options.ts'
import { humanOutage, runOutage } from './outage.ts'
import type { OutageOptions } from './outage.ts'
import { humanReport, reportOf } from './report.ts'

const listenForEnd = (): AbortSignal => {
  const ending = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => ending.abort(new Error(`stopped by ${name}`)))
  return ending.signal
}

const openDir = async (dir: string | undefined): Promise<string> => {
  if (dir === undefined) return mkdtemp(join(tmpdir(), 'silversmith-chaos-'))
  const path = resolve(dir)
  await makeFolder(path)
  const names = await readdir(path)
  if (names.length > 0) throw new UsageError(`${path} is not empty: name a new folder with --dir`)
  return path
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

interface Suffered {
  readonly report: { readonly problems: readonly string[]; readonly slow?: readonly string[] }
  readonly text: string
}

const sufferOutage = async (options: OutageOptions): Promise<Suffered> => {
  const report = await runOutage(options)
  return { report, text: humanOutage(report) }
}

const sufferFire = async (options: ChaosOptions): Promise<Suffered> => {
  const startedAt = Date.now()
  const chaos = await startChaos(options)
  try {
    const { seed, seconds } = options
    const report = await reportOf(chaos, { minutes: seconds / 60, seed, startedAt })
    return { report, text: humanReport(report) }
  } finally {
    await chaos.close()
  }
}

const run = async (options: Options, progress: Progress): Promise<0 | 1> => {
  const { seed } = options
  const dir = await openDir(options.dir)
  progress.note(`seed ${seed}, state in ${dir}`)
  let isWell = false
  try {
    const start = {
      ...{ dir, seed, seconds: options.minutes * 60 },
      onProgress: (text: string) => progress.live(text),
      signal: listenForEnd(),
    }
    const { report, text } = await (options.outage
      ? sufferOutage({ ...start, backfill: options.backfill })
      : sufferFire(start))
    progress.end()
    const problems = [...report.problems, ...(report.slow ?? [])]
    isWell = problems.length === 0
    for (const problem of problems) progress.note(problem)
    print(options.json ? JSON.stringify(report) : text)
  } finally {
    progress.end()
    if (isWell && options.dir === undefined) await rm(dir, { recursive: true, force: true })
    if (!isWell) progress.note(`not well with seed ${seed}; its state is kept in ${dir}`)
  }
  return isWell ? 0 : 1
}

const main = async (): Promise<number> => {
  const progress = createProgress(process.stderr, Date.now)
  try {
    const options = readOptions(process.argv.slice(2), () => randomInt(2 ** 32))
    if (options === 'help') {
      print(help.trimEnd())
      return 0
    }
    return await run(options, progress)
  } catch (error) {
    progress.note(error instanceof Error ? error.message : String(error))
    return error instanceof UsageError ? 2 : 1
  }
}

const code = await main()
// Connections that are kept alive would hold the process; what was written is handed over first.
process.stdout.write('', () => process.exit(code))
