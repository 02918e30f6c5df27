import { expect, it } from 'vitest'
import { readCommandLine } from './command-line.ts'
import { heedDryRun } from './dry-run.ts'

const heed = (line: string, DRY_RUN?: string) =>
  heedDryRun(readCommandLine(line.split(' ')), { DRY_RUN })

it('DRY_RUN makes what would change something only say so, whatever --yes says', () => {
  expect(heed('repair b --yes')).toMatchObject({ dryRun: false })
  expect(heed('repair b --yes', 'false')).toMatchObject({ dryRun: false })
  for (const line of ['repair b --yes', 'dlq redrive --all --yes', 'ledger rebuild --yes'])
    expect(heed(line, 'true')).toMatchObject({ dryRun: true })
  expect(heed('migrate', 'yes')).toMatchObject({ kind: 'migrate', plan: true })
})

it('DRY_RUN refuses what can only be done, and leaves alone what only looks', () => {
  expect(() => heed('invoke bulk --event e.json', 'true')).toThrow(/^DRY_RUN is set/)
  expect(() => heed('reconcile --enqueue', 'true')).toThrow(/^DRY_RUN is set/)
  expect(heed('reconcile', 'true')).toMatchObject({ kind: 'reconcile', enqueue: false })
  expect(heed('doctor', 'true')).toMatchObject({ kind: 'doctor' })
  expect(() => heed('doctor', 'maybe')).toThrow(/DRY_RUN must be one of/)
})
