import { UsageError } from '../bench/usage-error.ts'
import { runPackage } from './command.ts'

try {
  process.stdout.write(await runPackage(process.argv.slice(2), process.env))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
