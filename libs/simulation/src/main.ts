import { help, readOptions, usage } from './command/options.ts'
import { runWorldsCommand } from './command/worlds-command.ts'
import { runSweepCommand } from './crash-sweep/sweep-command.ts'
import { runKeysCommand } from './bulk/keys-command.ts'
import { runOutageCommand } from './outage/outage-command.ts'
import { runMutantsCommand } from './mutants/mutants-command.ts'

try {
  const asked = readOptions(process.argv.slice(2))
  if (asked === 'help') process.stdout.write(help)
  else if (asked.kind === 'mutants') process.exitCode = await runMutantsCommand(asked)
  else if (asked.kind === 'outage') process.exitCode = await runOutageCommand(asked)
  else if (asked.kind === 'keys') process.exitCode = await runKeysCommand(asked)
  else if (asked.kind === 'sweep') process.exitCode = await runSweepCommand(asked)
  else process.exitCode = await runWorldsCommand(asked)
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\nusage: ${usage}\n`)
  process.exitCode = 2
}
