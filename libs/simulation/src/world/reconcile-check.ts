import { readObjectsMessage } from '@silversmith/core'
import type { Finding, ReconcileReport } from '@silversmith/flow'
import { createReconcile, createSilverInspector } from '@silversmith/flow'
import { createMemoryInspector } from '../memory/memory-inspector.ts'
import { isInBronze } from './history.ts'
import type { Surroundings } from './invocation.ts'
import { routes } from './lambdas.ts'
import { noteDataset } from './note-dataset.ts'
import type { Stage } from './stage.ts'
import { bucket, pipeline } from './place.ts'

const harmless: ReadonlySet<Finding['kind']> = new Set([
  'source-missing',
  'source-stuck',
  'source-set-aside',
  'source-unrouted',
  'batch-stuck',
])

/**
 * While the world runs sources may be missing and batches stuck; targets never lack what is done, unless they are filled again,
 * and never have too much.
 */
export const judgeLiveReport = (
  { counts, findings }: ReconcileReport,
  { tally, violate }: Surroundings,
  isFilled: boolean,
): void => {
  tally.enqueued += counts.enqueued
  for (const finding of findings) {
    if (harmless.has(finding.kind)) continue
    if (isFilled && finding.kind === 'chunk-missing' && finding.target === 'clickhouse') continue
    violate(`reconcile found ${JSON.stringify(finding)}`)
  }
}

/** By then nothing is recent any more. */
const laterMs = 2 * 3_600_000

/** A reconcile without faults, of a world at rest; `send` gets what it enqueues. */
const reconcileAtRest = (
  { bronze, ledger, store, engine, decode }: Stage,
  now: number,
  send: (body: string) => void,
): Promise<ReconcileReport> => {
  const reconcile = createReconcile({
    ...{ pipeline, routes, bronze, ledger, store },
    queue: { send: async (body) => send(body) },
    inspectors: [
      createSilverInspector({ store, prefix: 'silver/', decode }),
      createMemoryInspector({ name: 'clickhouse', engine }),
    ],
    tables: noteDataset.tables.map(({ name }) => name),
    clock: { now: () => now + laterMs, sleep: async () => undefined },
    log: { emit: () => undefined },
  })
  return reconcile(
    { bucket, prefix: '', enqueue: true },
    { deadline: Infinity, signal: new AbortController().signal },
  )
}

/**
 * What is sent must have been listed before as something that leaves no traces: who looked at it again may have failed after
 * its message was gone. Resolves with how much is under way again.
 */
export const sendMissing = async (
  stage: Stage,
  now: number,
  violate: (text: string) => void,
): Promise<number> => {
  const { counts } = await reconcileAtRest(stage, now, (body) => {
    const message = readObjectsMessage(pipeline, body)
    const id = message?.kind === 'source' ? message.source.id : ''
    if (!stage.watch.sealedSources.has(id)) violate(`at rest reconcile found missing: ${body}`)
    stage.send(body)
  })
  return counts.enqueued
}

/** The last reconcile finds everything in its place. */
export const judgeLastReport = async (
  stage: Stage,
  now: number,
  violate: (text: string) => void,
): Promise<void> => {
  const { counts, findings, next } = await reconcileAtRest(stage, now, (body) =>
    violate(`the last reconcile sent ${body}`),
  )
  for (const finding of findings)
    if (finding.kind !== 'source-unrouted' && finding.kind !== 'source-set-aside')
      violate(`the last reconcile found ${JSON.stringify(finding)}`)
  const held = stage.history.all().filter(isInBronze)
  const routed = held.filter(({ isRouted }) => isRouted).length
  const matched = counts.matched + counts.setAside
  const told = JSON.stringify({ matched, unrouted: counts.unrouted, next })
  const right = JSON.stringify({ matched: routed, unrouted: held.length - routed })
  if (told !== right) violate(`the last reconcile counts ${told}, it is ${right}`)
}
