#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises'
import { runAdopt } from './reconcile/adopt.ts'
import type { Answer } from './answer.ts'
import { isBackfill, runBackfill } from './backfill/backfill.ts'
import { asCalled } from './called-name.ts'
import { runBatchFree } from './batch/batch-free.ts'
import { runBatchList } from './batch/batch-list.ts'
import { runBatchShow } from './batch/batch-show.ts'
import type { Command } from './command.ts'
import { readCommandLine } from './command-line.ts'
import { runDatasetNew } from './dataset/dataset-new.ts'
import { runDlqList } from './dlq/dlq-list.ts'
import { runDlqRedrive } from './dlq/dlq-redrive.ts'
import { runDlqShow } from './dlq/dlq-show.ts'
import { runDoctor } from './doctor/doctor.ts'
import { runDriftEvolve } from './drift/drift-evolve.ts'
import { runDriftShow } from './drift/drift-show.ts'
import { heedDryRun } from './dry-run.ts'
import { runErase } from './erase/erase.ts'
import { runExplain } from './explain/explain.ts'
import { runGenerate } from './dataset/generate.ts'
import { runHead } from './table/head.ts'
import { helpOf } from './help.ts'
import { runInvoke } from './invoke.ts'
import { runLedgerRebuild } from './reconcile/ledger-rebuild.ts'
import { runMigrate } from './table/migrate.ts'
import { runPause, runResume } from './status/pause.ts'
import { createOutput } from './output.ts'
import { createProgress } from './progress.ts'
import { runQuarantineList } from './quarantine/quarantine-list.ts'
import { runQuarantineReplay } from './quarantine/quarantine-replay.ts'
import { runQuarantineShow } from './quarantine/quarantine-show.ts'
import { runReplay } from './replay/replay.ts'
import { runQuery } from './table/query.ts'
import { runReconcile } from './reconcile/reconcile.ts'
import { runRebuild } from './rebuild/rebuild.ts'
import { runBatchReject, runRepair } from './reconcile/repair.ts'
import { printable } from './text/printable.ts'
import { writeJson } from './text/row-layout.ts'
import { runStatus } from './status/status.ts'
import type { Surroundings } from './surroundings.ts'
import { runTry } from './try/try.ts'
import { UsageError } from './usage-error.ts'

const progress = createProgress(process.stderr)

const output = createOutput(process.stdout)

const print = (document: unknown): Promise<void> => output.write(`${writeJson(document)}\n`)

/** What must not be lost, whoever watches. */
const note = (line: string): void => {
  progress.end()
  process.stderr.write(`${printable(line)}\n`)
}

const surroundingsOf = (): Surroundings => {
  // Ctrl-C ends the process at once; each call has its own limit in its client.
  const { signal } = new AbortController()
  const clock = { now: Date.now, sleep: async (ms: number) => void (await sleep(ms)) }
  const { env: environment } = process
  return { environment, clock, progress, signal, print, note }
}

const answerTo = (command: Exclude<Command, { kind: 'help' }>): Promise<Answer> => {
  const surroundings = surroundingsOf()
  const { environment, signal } = surroundings
  if (isBackfill(command)) return runBackfill(command, surroundings, process)
  switch (command.kind) {
    case 'migrate':
      return runMigrate(command, environment, signal)
    case 'invoke':
      return runInvoke(command, signal)
    case 'query':
      return runQuery(command, environment, signal)
    case 'head':
      return runHead(command, environment, signal)
    case 'generate':
      return runGenerate(command, signal)
    case 'dataset new':
      return runDatasetNew(command)
    case 'doctor':
      return runDoctor(command, surroundings)
    case 'try':
      return runTry(command, surroundings)
    case 'reconcile':
      return runReconcile(command, surroundings)
    case 'replay':
      return runReplay(command, surroundings)
    case 'adopt':
      return runAdopt(command, surroundings)
    case 'batch list':
      return runBatchList(command, surroundings)
    case 'batch show':
      return runBatchShow(command, surroundings)
    case 'batch reject':
      return runBatchReject(command, surroundings)
    case 'batch free':
      return runBatchFree(command, surroundings)
    case 'repair':
      return runRepair(command, surroundings)
    case 'rebuild':
      return runRebuild(command, surroundings)
    case 'erase':
      return runErase(command, surroundings)
    case 'ledger rebuild':
      return runLedgerRebuild(command, surroundings)
    case 'quarantine list':
      return runQuarantineList(command, surroundings)
    case 'quarantine show':
      return runQuarantineShow(command, surroundings)
    case 'quarantine replay':
      return runQuarantineReplay(command, surroundings)
    case 'drift show':
      return runDriftShow(command, surroundings)
    case 'drift evolve':
      return runDriftEvolve(command, surroundings)
    case 'status':
      return runStatus(command, surroundings)
    case 'explain':
      return runExplain(command, surroundings)
    case 'pause':
      return runPause(command, surroundings)
    case 'resume':
      return runResume(command, surroundings)
    case 'dlq list':
      return runDlqList(command, surroundings)
    case 'dlq show':
      return runDlqShow(command, surroundings)
    case 'dlq redrive':
      return runDlqRedrive(command, surroundings)
  }
}

/** Their answers hold words of others, which are not ours to rewrite. */
const quoting: readonly Command['kind'][] = ['query', 'head', 'dlq show']

const main = async (): Promise<number> => {
  let command: Command | undefined
  const tell = <Value>(value: Value): Value =>
    asCalled(value, command && 'dir' in command ? command.dir : undefined)
  try {
    command = heedDryRun(readCommandLine(process.argv.slice(2)), process.env)
    if (command.kind === 'help') {
      return await output.end(helpOf(command.of), 0)
    }
    const answer = await answerTo(command)
    const { document, text, code } = quoting.includes(command.kind) ? answer : tell(answer)
    return await output.end(`${command.json ? writeJson(document) : printable(text)}\n`, code)
  } catch (error) {
    progress.end()
    process.stderr.write(`${tell(error instanceof Error ? error.message : String(error))}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

process.exitCode = await main()
