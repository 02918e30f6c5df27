import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { faults } from '@silversmith/core'
import { letterReasons } from '@silversmith/flow'
import type { FindingKind } from '@silversmith/flow'
import { expect, it } from 'vitest'

const runbook = readFileSync(fileURLToPath(new URL('../../../docs/runbook.md', import.meta.url)))
  .toString()
  .split('\n')

const findings = {
  ...{ 'source-missing': 1, 'source-stuck': 1, 'source-unrouted': 1, 'batch-stuck': 1 },
  ...{ 'batch-unknown': 1, 'manifest-unreadable': 1, 'chunk-missing': 1, 'chunk-doubled': 1 },
  ...{ 'chunk-of-nobody': 1, 'source-set-aside': 1, 'target-not-compared': 1 },
  ...{ 'source-doubled': 1, 'erasure-unfinished': 1 },
} satisfies Record<FindingKind, 1>

it.each([...Object.keys(findings), ...Object.keys(letterReasons), ...Object.keys(faults)])(
  'says what to do about %s',
  (name) => {
    const [row] = runbook.filter((line) => line.startsWith(`| \`${name}\``))
    const cells = row?.split('|').map((cell) => cell.trim()) ?? []
    expect(cells.at(-2)?.length).toBeGreaterThan(5)
  },
)
