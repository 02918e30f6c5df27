import type { Mutant } from './mutant.ts'
import type { SourceEdit } from './source-edit.ts'
import { editFlow } from './source-edit.ts'
import { expiringStaging } from './store-lies.ts'
import { crowd, longOutage } from './terrains.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** Nobody asks a target what is there, whoever applies and however often. */
const blind: readonly SourceEdit[] = [
  editFlow(
    'apply/apply.ts',
    `let asksFirst = applier === 'later' || !isYoung`,
    `let asksFirst = false`,
  ),
  editFlow('apply/apply.ts', `    asksFirst = true\n`, ``),
]

/** Breaks of how a batch is read and applied. */
export const applyMutants: readonly Mutant[] = [
  {
    name: 'rows name their batch instead of their chunk',
    edits: [
      editFlow('staging/chunk-builder.ts', `token: tokenOf(batch, n),`, `token: batch,`),
      {
        file: 'libs/simulation/src/memory/engine.ts',
        find: `row['_chunk'] === chunk`,
        replace: `row['_chunk'] === chunk.split('#')[0]`,
      },
    ],
    terrain: {
      troubles: { targetDown: 0.2, requestLost: 0.05, crashBefore: 0.02 },
      forgiven: 'reconcile',
    },
    worldsMax: 100,
  },
  {
    name: 'merges keep one row of each content',
    edits: [
      {
        file: 'libs/simulation/src/memory/engine.ts',
        find: `kept.set(keyOf(row), row)`,
        replace: `kept.set(Object.entries(row).filter(([column]) => !column.startsWith('_')).map(String).join(), row)`,
      },
    ],
    terrain: { troubles: { merge: 1 } },
    worldsMax: 50,
  },
  {
    name: 'the sealer never asks what is there, however late it is',
    edits: [
      editFlow(
        'apply/apply.ts',
        `let asksFirst = applier === 'later' || !isYoung`,
        `let asksFirst = applier === 'later'`,
      ),
    ],
    terrain: {
      troubles: { pause: 0.02, clockSkewMs: 4 * hourMs },
      mutation: { windowBlocks: 2, timeoutMs: 30 * minuteMs },
      limits: { chunkRowsMax: 2 },
    },
    worldsMax: 300,
  },
  {
    name: 'nobody asks what is there, and the target remembers few tokens',
    edits: blind,
    terrain: {
      troubles: { targetDown: 0.2, responseLost: 0.1, crashAfter: 0.02, partialInsert: 0.3 },
      mutation: { windowBlocks: 3 },
    },
    worldsMax: 100,
  },
  {
    name: 'rows have no token',
    edits: blind,
    mutation: { windowBlocks: 0 },
    worldsMax: 20,
  },
  {
    name: 'rows have no token, but are looked for',
    mutation: { windowBlocks: 0 },
    worldsMax: 50,
  },
  {
    name: 'the target remembers three tokens',
    mutation: { windowBlocks: 3 },
    terrain: { ...crowd, troubles: { lateApply: 0.2 }, limits: { chunkRowsMax: 1 } },
    worldsMax: 300,
  },
  {
    name: 'progress goes backwards',
    edits: [
      editFlow(
        'apply/apply.ts',
        `done[name] = Math.max(done[name] ?? 0, count)`,
        `done[name] = count`,
      ),
    ],
    terrain: {
      troubles: { targetDown: 0.3, shortVisibility: 1 },
      limits: { chunkRowsMax: 1, batchChunksMax: 100 },
    },
    worldsMax: 100,
  },
  {
    name: 'progress is kept for the batch and not for each target',
    edits: [
      editFlow(
        'apply/apply.ts',
        `let done = batch.done?.[name] ?? 0`,
        `let done = Math.max(0, ...Object.values(batch.done ?? {}))`,
      ),
    ],
    terrain: { troubles: { targetDown: 0.2 } },
    worldsMax: 50,
  },
  {
    name: 'a spoiled pass is kept: its sources are not read again',
    edits: [
      editFlow(
        'transform/batch-reading.ts',
        `if (results.some(({ spoils }) => spoils)) continue`,
        ``,
      ),
    ],
    terrain: { ...crowd, troubles: { throttled: 0.1 } },
    worldsMax: 50,
  },
  {
    name: 'the entries of a reload come first',
    edits: [
      editFlow(
        'transform/batch-reading.ts',
        `    const results = await mapConcurrently(open, deps.limits.concurrencyMax, pass.read)`,
        `    pass.turnOver(open, new Map(open.map(({ id }) => [id, { kind: 'read', counts: createCounts() }])))
    const results = await mapConcurrently(open, deps.limits.concurrencyMax, pass.read)`,
      ),
      editFlow('transform/batch-reading.ts', `    pass.turnOver(open, outcomes)\n`, ``),
    ],
    terrain: { troubles: { reload: 0.9 } },
    worldsMax: 20,
  },
  {
    name: 'targets are applied one after the other and kept as one',
    edits: [
      editFlow(
        'apply/apply.ts',
        `const applying = manifest.targets.map((name) =>
    applyTarget(deps, { batch, manifest, breakers, problems, applier, call }, name),
  )`,
        `const applying = []
  for (const name of manifest.targets.toReversed())
    applying.unshift(problems.size > 0 ? 0 : await applyTarget(deps, { batch, manifest, breakers, problems, applier, call }, name))`,
      ),
    ],
    terrain: longOutage,
    worldsMax: 5,
  },
  {
    name: 'staged files expire after an hour',
    mutation: { store: expiringStaging },
    terrain: longOutage,
    worldsMax: 5,
  },
]
