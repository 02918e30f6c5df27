#!/usr/bin/env node
import { help, readCommandLine } from './command-line.ts'
import type { Command } from './command-line.ts'
import type { Answer } from './answer.ts'
import { runHead } from './head.ts'
import { runInvoke } from './invoke.ts'
import { runMigrate } from './migrate.ts'
import { runQuery } from './query.ts'
import { writeJson } from './row-layout.ts'
import { UsageError } from './usage-error.ts'

const answerTo = (command: Exclude<Command, { kind: 'help' }>): Promise<Answer> => {
  // Ctrl-C ends the process at once; each call has its own limit in its client.
  const { signal } = new AbortController()
  switch (command.kind) {
    case 'migrate':
      return runMigrate(command, process.env, signal)
    case 'invoke':
      return runInvoke(command, signal)
    case 'query':
      return runQuery(command, process.env, signal)
    case 'head':
      return runHead(command, process.env, signal)
  }
}

const main = async (): Promise<number> => {
  try {
    const command = readCommandLine(process.argv.slice(2))
    if (command.kind === 'help') {
      process.stdout.write(help)
      return 0
    }
    const { document, text, code } = await answerTo(command)
    process.stdout.write(`${command.json ? writeJson(document) : text}\n`)
    return code
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

process.exitCode = await main()
