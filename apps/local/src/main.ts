import { datasets } from '@silversmith/datasets'
import { help, readOptions } from './options.ts'
import { createProgress } from './progress.ts'
import { run } from './run.ts'
import { UsageError } from './usage-error.ts'
import { namesServer } from './warehouse.ts'

const known = {
  datasets: datasets.map(({ name }) => name),
  hasServer: namesServer(process.env),
}

/** Ends the process when a clean end does not come. */
const forceMs = 20_000

const listenForEnd = (): AbortSignal => {
  const ending = new AbortController()
  let asked = false
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (asked) process.exit(1)
      asked = true
      ending.abort(new Error(`stopped by ${name}`))
      setTimeout(() => process.exit(1), forceMs).unref()
    })
  return ending.signal
}

const main = async (): Promise<number> => {
  const progress = createProgress(process.stderr, Date.now)
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  try {
    const options = readOptions(process.argv.slice(2), known)
    if (options === 'help') {
      print(help(known).trimEnd())
      return 0
    }
    const { env: environment } = process
    return await run({ options, datasets, environment, progress, print, signal: listenForEnd() })
  } catch (error) {
    progress.end()
    progress.note(error instanceof Error ? error.message : String(error))
    return error instanceof UsageError ? 2 : 1
  }
}

const code = await main()
// Connections that are kept alive would hold the process; what was written is handed over first.
process.stdout.write('', () => process.exit(code))
