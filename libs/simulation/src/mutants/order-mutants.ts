import type { Mutant } from './mutant.ts'
import type { SourceEdit } from './source-edit.ts'
import { blindSeals } from './ledger-lies.ts'
import { editFlow } from './source-edit.ts'
import { shortLeases } from './terrains.ts'

/** Sources are read in order, so that reading them again may give the same files. */
const inOrder = { concurrencyMax: 1 }

/** Apply reads the sources once more instead of the staged bytes. */
const reread: readonly SourceEdit[] = [
  editFlow(
    'apply/apply.ts',
    `import { describeFailure } from '../failure.ts'`,
    `import { readBatch } from '../transform/batch-reading.ts'
import { describeFailure } from '../failure.ts'`,
  ),
  editFlow(
    'apply/apply.ts',
    `const manifest = await persist(deps.clock, call, () => readManifest(deps.store, ref, call.signal))`,
    `const sealed = await persist(deps.clock, call, () => readManifest(deps.store, ref, call.signal))
  const suffix = '.' + deps.ids.next()
  const store = {
    ...deps.store,
    write: (key, bytes, file, signal) => deps.store.write(key + suffix, bytes, file, signal),
  }
  const named = (payload) => payload && { ...payload, key: payload.key + suffix }
  const rename = ({ chunks, quarantine }) => ({
    chunks: chunks.map((chunk) => ({ ...chunk, block: named(chunk.block), days: chunk.days?.map(named) })),
    quarantine: quarantine.map(named),
  })
  const again = { ...deps, store, kinds: { block: true, days: true } }
  const made = { id, createdAt: sealed.createdAt }
  const manifest =
    applier === 'later'
      ? { ...sealed, ...rename(await readBatch(again, made, sealed.sources, call)) }
      : sealed`,
  ),
]

/** Breaks of the order stage → seal → apply → commit. */
export const orderMutants: readonly Mutant[] = [
  {
    name: 'rows are inserted before the seal',
    edits: [
      editFlow(
        'transform/batch-run.ts',
        `isSealed = read.sources.length > 0 && (await seal(deps, batch, read, call))`,
        `for (const target of deps.targets)
      for (const chunk of read.chunks) await target.put(batch.id, chunk, call.signal)
    isSealed = read.sources.length > 0 && (await seal(deps, batch, read, call))`,
      ),
    ],
    worldsMax: 10,
  },
  {
    name: 'a batch is committed before it is applied',
    edits: [
      editFlow(
        'apply/apply.ts',
        `const problems: Problems = new Map()`,
        `await recordProgress(deps, id, { progress: {}, problems: new Map(), whole: true }, call)
  const problems: Problems = new Map()`,
      ),
    ],
    worldsMax: 100,
  },
  {
    name: 'messages are acknowledged before the seal',
    edits: [
      editFlow(
        'transform/batch-run.ts',
        `const sources = claimed.map(({ source }) => source)`,
        `const sources = claimed.map(({ source }) => source)
    for (const { id } of sources) ack(id)`,
      ),
    ],
    worldsMax: 100,
  },
  {
    name: 'nothing is staged: whoever applies later reads the sources again',
    edits: reread,
    terrain: {
      troubles: { overwrite: 0.9, remove: 0.5, targetDown: 0.3, crashAfter: 0.03 },
      limits: inOrder,
    },
    worldsMax: 100,
  },
  {
    name: 'nothing is staged, and a deploy changed what is made of the sources',
    edits: reread,
    terrain: { troubles: { deploy: 0.5, targetDown: 0.3, crashAfter: 0.03 }, limits: inOrder },
    worldsMax: 100,
  },
  {
    name: 'the seal is no compare-and-set',
    mutation: { ledger: blindSeals },
    edits: [
      editFlow(
        'transform/batch-run.ts',
        `      item?.state === 'F' && item.owner === batch.owner
        ? { ...item, state: 'S', manifest: ref`,
        `      item && item.state !== 'S' && item.state !== 'C'
        ? { ...item, state: 'S', manifest: ref`,
      ),
    ],
    terrain: shortLeases,
    worldsMax: 200,
  },
  {
    name: 'a seal of unknown outcome counts as failed, and its staging is cleared',
    edits: [
      editFlow(
        'transform/batch-run.ts',
        `if (!isSealed) isSealed = await endBatch(deps, batch, call)`,
        `if (!isSealed) {
    await endBatch(deps, batch, call)
    await removeStaging(deps.store, batch.id, endingOf(call))
  }`,
      ),
    ],
    terrain: { troubles: { responseLost: 0.2 } },
    worldsMax: 100,
  },
  {
    name: 'a refused write to the ledger counts as made',
    edits: [
      editFlow(
        'ledger-write.ts',
        `    found = await readItem<Item>(access, key, call)`,
        `    return next`,
      ),
    ],
    terrain: shortLeases,
    worldsMax: 200,
  },
  {
    name: 'ingest marks an object as sent before it sends it',
    edits: [
      editFlow(
        'ingest/ingest.ts',
        `await deps.sendOnce({ pipeline: deps.pipeline, bucket, key, version, sequencer }, send)`,
        `let isFirst = false
      await deps.sendOnce({ pipeline: deps.pipeline, bucket, key, version, sequencer }, async () => {
        isFirst = true
      })
      if (isFirst) await send()`,
      ),
    ],
    terrain: { troubles: { crashBefore: 0.05, requestLost: 0.1, overwrite: 0.9, remove: 0.5 } },
    worldsMax: 100,
  },
]
