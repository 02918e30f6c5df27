import type { Finding, ReconcileReport } from '@silversmith/flow'
import { createReconcile, createSilverInspector } from '@silversmith/flow'
import { createMemoryInspector } from '../memory/memory-inspector.ts'
import { isHeldNow } from './history.ts'
import type { Surroundings } from './invocation.ts'
import { routes } from './lambdas.ts'
import { noteDataset } from './note-dataset.ts'
import type { Stage } from './stage.ts'

const harmless: ReadonlySet<Finding['kind']> = new Set([
  'source-missing',
  'source-stuck',
  'source-unrouted',
  'batch-stuck',
])

/** While the world runs sources may be missing and batches stuck; targets never lack what is done, and never have too much. */
export const judgeLiveReport = (
  { counts, findings }: ReconcileReport,
  { tally, violate }: Surroundings,
): void => {
  tally.enqueued += counts.enqueued
  for (const finding of findings)
    if (!harmless.has(finding.kind)) violate(`reconcile found ${JSON.stringify(finding)}`)
}

/** By then nothing is recent any more. */
const laterMs = 2 * 3_600_000

/** A last reconcile, of a world at rest and without faults: it must find everything in its place. */
export const reconcileAtRest = async (
  stage: Stage,
  now: () => number,
  { bucket, pipeline }: { readonly bucket: string; readonly pipeline: string },
  violate: (text: string) => void,
): Promise<void> => {
  const { bronze, ledger, store, engine, history, decode } = stage
  const later = now() + laterMs
  const reconcile = createReconcile({
    ...{ pipeline, routes, bronze, ledger, store },
    queue: { send: async (body) => violate(`the last reconcile sent ${body}`) },
    inspectors: [
      createSilverInspector({ store, prefix: 'silver/', decode }),
      createMemoryInspector({ name: 'clickhouse', engine }),
    ],
    tables: noteDataset.tables.map(({ name }) => name),
    clock: { now: () => later, sleep: async () => undefined },
    log: { emit: () => undefined },
  })
  const { counts, findings, next } = await reconcile(
    { bucket, prefix: '', enqueue: true },
    { deadline: Infinity, signal: new AbortController().signal },
  )
  for (const finding of findings)
    if (finding.kind !== 'source-unrouted')
      violate(`the last reconcile found ${JSON.stringify(finding)}`)
  const held = history.all().filter(isHeldNow)
  const routed = held.filter(({ isRouted }) => isRouted).length
  const told = JSON.stringify({ matched: counts.matched, unrouted: counts.unrouted, next })
  const right = JSON.stringify({ matched: routed, unrouted: held.length - routed })
  if (told !== right) violate(`the last reconcile counts ${told}, it is ${right}`)
}
