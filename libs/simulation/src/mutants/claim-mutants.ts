import type { Mutant } from './mutant.ts'
import type { SourceEdit } from './source-edit.ts'
import { editFlow } from './source-edit.ts'
import { bronzeOutage, crowd, dyingMessages, sweptCrowd, unsweptLeases } from './terrains.ts'
import { expiringBatches } from './ledger-lies.ts'

/** A batch that the ledger lost counts as one that is over. */
const missingIsOver: readonly SourceEdit[] = [
  editFlow(
    'apply/apply.ts',
    `throw new Fault('CLAIM_WITHOUT_BATCH', \`the ledger has no batch \${id}; was the table restored?\`)`,
    `return true`,
  ),
  editFlow(
    'apply/sweep.ts',
    `if (state === 'C' || state === 'A')`,
    `if (state === undefined || state === 'C' || state === 'A')`,
  ),
]

/** Breaks of the rules of claims. */
export const claimMutants: readonly Mutant[] = [
  {
    name: 'nobody looks at claims',
    edits: [
      editFlow(
        'claims/claims.ts',
        `  if (!claim) return { kind: 'free' }`,
        `  return { kind: 'free' }`,
      ),
      editFlow('transform/batch-run.ts', `if (written) return true`, `return true`),
    ],
    worldsMax: 50,
  },
  {
    name: 'the batch of a dead worker is not aborted before its sources are taken',
    edits: [
      editFlow(
        'claims/claims.ts',
        `return leaseUntil > now ? { kind: 'wait' } : { kind: 'abort' }`,
        `return leaseUntil > now ? { kind: 'wait' } : { kind: 'free' }`,
      ),
    ],
    terrain: unsweptLeases,
    worldsMax: 200,
  },
  {
    name: 'a source counts as done though the batch of its claim does not list it',
    edits: [
      editFlow(
        'claims/claims.ts',
        `if (!listed || traceless.has(listed.disposition))`,
        `if (listed && traceless.has(listed.disposition))`,
      ),
    ],
    terrain: { ...crowd, troubles: { throttled: 0.1 } },
    worldsMax: 100,
  },
  {
    name: 'what was gone once is gone for ever',
    edits: [editFlow('claims/claims.ts', `'gone',\n  'unrouted'`, `'unrouted'`)],
    terrain: { troubles: { remove: 0.9, reupload: 0.9 } },
    worldsMax: 100,
  },
  {
    name: 'the generation of a reload is ignored',
    edits: [
      editFlow(
        'claims/claims.ts',
        `if (source.generation <= claim.item.generation) return { kind: 'done' }`,
        `return { kind: 'done' }`,
      ),
    ],
    terrain: { troubles: { reload: 0.9 } },
    worldsMax: 20,
  },
  {
    name: 'sources are condemned by the times they were received',
    edits: [
      editFlow(
        'transform/transform.ts',
        `/** One queue message.`,
        `const receives = new WeakMap()
const receivesOf = (ids, id) => receives.get(ids)?.get(id) ?? 0
const receive = (ids, id) => {
  if (!receives.has(ids)) receives.set(ids, new Map())
  receives.get(ids).set(id, receivesOf(ids, id) + 1)
}

/** One queue message.`,
      ),
      editFlow(
        'transform/transform.ts',
        `const { source } = message`,
        `const { source } = message
        receive(deps.ids, source.id)`,
      ),
      editFlow(
        'transform/transform.ts',
        `const free = judged.filter(({ verdict }) => verdict.kind === 'free').map(withHighestGeneration)`,
        `const spent = judged.filter(({ source, verdict }) => verdict.kind === 'free' && receivesOf(deps.ids, source.id) > 3)
  if (spent.length > 0) await attempt(deps, () => runBatch(deps, spent, ack, call, 'condemn'))
  const free = judged.filter((one) => one.verdict.kind === 'free' && !spent.includes(one)).map(withHighestGeneration)`,
      ),
    ],
    terrain: bronzeOutage,
    worldsMax: 100,
  },
  {
    name: 'a message is condemned like an object, though its queue then deletes its only bytes',
    edits: [
      editFlow(
        'transform/transform.ts',
        `tries >= triesMax && !alone?.source.content`,
        `tries >= triesMax`,
      ),
    ],
    terrain: dyingMessages,
    worldsMax: 200,
  },
  {
    name: 'the sweep ends batches whose workers are alive, and clears their staging',
    edits: [
      editFlow(
        'apply/sweep.ts',
        `deps.ledger.listOpen(deps.pipeline, deps.clock.now(), sweepMax`,
        `deps.ledger.listOpen(deps.pipeline, deps.clock.now() + 3_600_000, sweepMax`,
      ),
      editFlow('apply/sweep.ts', `if (ended?.state !== 'A') continue`, `void ended`),
    ],
    terrain: sweptCrowd,
    worldsMax: 100,
  },
  {
    name: 'committed and aborted batches expire, and what they claimed counts as done',
    mutation: { ledger: expiringBatches },
    edits: [
      ...missingIsOver,
      editFlow(
        'claims/claims.ts',
        `if (!batch) return { kind: 'alarm' }`,
        `if (!batch) return { kind: 'done' }`,
      ),
    ],
    terrain: { ...bronzeOutage, forgiven: 'reconcile' },
    worldsMax: 100,
  },
  {
    name: 'committed and aborted batches expire, and what they claimed counts as free',
    mutation: { ledger: expiringBatches },
    edits: [
      ...missingIsOver,
      editFlow(
        'claims/claims.ts',
        `if (!batch) return { kind: 'alarm' }`,
        `if (!batch) return { kind: 'free' }`,
      ),
    ],
    terrain: { ...crowd, troubles: { lostDelete: 1 }, forgiven: 'reconcile' },
    worldsMax: 100,
  },
]
