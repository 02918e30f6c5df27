import { runCommand, tell } from './command.ts'
import { UsageError } from './usage-error.ts'

try {
  await runCommand(process.argv.slice(2))
} catch (error) {
  tell('')
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
