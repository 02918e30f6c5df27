import { readFileSync } from 'node:fs'
import { countFileSizes, countInsertRows, type Disposition, type Event } from '@silversmith/core'
import { expect, test } from 'vitest'
import { countsOf } from './event-entries.ts'

const page = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8')
const dispositions: readonly Disposition[] = ['rows', 'poison']

/** One of each kind, with something to count everywhere. */
const events: { readonly [Kind in Event['kind']]: Extract<Event, { readonly kind: Kind }> } = {
  'arrivals-read': { kind: 'arrivals-read', accepted: 1, ignored: 1, unknown: 1 },
  'batch-sealed': {
    ...{
      kind: 'batch-sealed',
      batch: 'b',
      sources: 1,
      rows: 1,
      rejected: 1,
      drifted: 1,
      chunks: 1,
    },
    dispositions: Object.fromEntries(dispositions.map((name) => [name, 1])),
    silverFiles: countFileSizes([1]),
    inserts: countInsertRows([1]),
  },
  'chunk-applied': {
    ...{ kind: 'chunk-applied', batch: 'b', target: 'silver', n: 0, rows: 1, found: true },
  },
  'batch-committed': { kind: 'batch-committed', batch: 'b', rows: 1 },
  'batch-aborted': { kind: 'batch-aborted', batch: 'b', end: 'lost' },
  'apply-failed': {
    ...{ kind: 'apply-failed', batch: 'b', target: 'silver', code: 'BUG', message: 'm' },
  },
  'message-unreadable': { kind: 'message-unreadable', messageId: 'm', reason: 'r' },
  'claim-without-batch': { kind: 'claim-without-batch', source: 's', batch: 'b' },
  'source-suspected': { kind: 'source-suspected', source: 's', tries: 1 },
  'sweep-done': { kind: 'sweep-done', found: 1, sent: 1, resting: 1, aborted: 1 },
  'breaker-opened': {
    ...{ kind: 'breaker-opened', target: 'silver', failures: 3, retryAt: 1, problem: 'p' },
  },
  'breaker-probed': { kind: 'breaker-probed', target: 'silver' },
  'breaker-closed': { kind: 'breaker-closed', target: 'silver', openMs: 1 },
  'apply-put-off': { kind: 'apply-put-off', batch: 'b', target: 'silver', message: 'm' },
  'reconcile-found': { kind: 'reconcile-found', finding: 'f', why: 'w', mend: 'm' },
  'reconcile-done': {
    ...{ kind: 'reconcile-done', matched: 1, recent: 1, missing: 1, stuck: 1, setAside: 1 },
    ...{ unrouted: 1, enqueued: 1, chunksMatched: 1, chunksMissing: 1, chunksExtra: 1 },
  },
  'work-failed': { kind: 'work-failed', code: 'BUG', message: 'm' },
}

test('the page of metrics names each of them, and every class of the histograms', () => {
  const names = Object.values(events).flatMap((event) => countsOf(event).map(({ name }) => name))
  const written = names.map((name) =>
    name
      .replace(/^Sources\..*/, 'Sources.<disposition>')
      .replace(/^(SilverFiles|Inserts)\..*/, '$1.<class>'),
  )
  const classes = [...Object.keys(countFileSizes([])), ...Object.keys(countInsertRows([]))]
  expect(written.length).toBeGreaterThan(20)
  expect([...written, ...classes].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})
