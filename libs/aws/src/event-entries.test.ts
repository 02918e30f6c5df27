import {
  countFileSizes,
  countInsertRows,
  type Disposition,
  type Event,
  metricOf,
  metrics,
} from '@silversmith/core'
import { expect, test } from 'vitest'
import { countsOf } from './event-entries.ts'

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
    ...{ rejectedByReason: { invalid_json: 1 }, kinds: { video: 1 }, sections: ['7'] },
  },
  'chunk-applied': {
    ...{ kind: 'chunk-applied', batch: 'b', target: 'silver', n: 0, rows: 1, found: true },
  },
  'target-applied': {
    ...{ kind: 'target-applied', batch: 'b', target: 'silver', rows: 1, lagMs: 2_500 },
  },
  'batch-committed': { kind: 'batch-committed', batch: 'b', rows: 1 },
  'batch-aborted': { kind: 'batch-aborted', batch: 'b', end: 'lost' },
  'apply-failed': {
    ...{ kind: 'apply-failed', batch: 'b', target: 'silver', code: 'BUG', message: 'm' },
  },
  'message-unreadable': { kind: 'message-unreadable', messageId: 'm', reason: 'r' },
  'claim-without-batch': { kind: 'claim-without-batch', source: 's', batch: 'b' },
  'source-suspected': { kind: 'source-suspected', source: 's', tries: 1 },
  'sweep-done': {
    kind: 'sweep-done',
    found: 1,
    sent: 1,
    resting: 1,
    aborted: 1,
    ...{ oldestMs: 1_500, resters: ['silver'] },
  },
  'breaker-opened': {
    ...{ kind: 'breaker-opened', target: 'silver', failures: 3, retryAt: 1, problem: 'p' },
  },
  'breaker-probed': { kind: 'breaker-probed', target: 'silver' },
  'breaker-closed': { kind: 'breaker-closed', target: 'silver', openMs: 1 },
  'apply-put-off': { kind: 'apply-put-off', batch: 'b', target: 'silver', message: 'm' },
  'job-slice': { kind: 'job-slice', job: 'j', part: 0, slice: 0, found: 2, sent: 1 },
  'job-part-failed': {
    ...{ kind: 'job-part-failed', job: 'j', part: 0, code: 'STORE_DENIED', message: 'm' },
  },
  'job-turned': { kind: 'job-turned', job: 'j', state: 'paused' },
  'job-done': { kind: 'job-done', job: 'j', found: 2, sent: 1, failedParts: 0 },
  'reconcile-found': { kind: 'reconcile-found', finding: 'f', why: 'w', mend: 'm' },
  'reconcile-done': {
    ...{ kind: 'reconcile-done', matched: 1, recent: 1, missing: 1, stuck: 1, setAside: 1 },
    ...{ unrouted: 1, enqueued: 1, chunksMatched: 1, chunksMissing: 1, chunksExtra: 1 },
  },
  'work-failed': { kind: 'work-failed', code: 'BUG', message: 'm' },
}

const familyOf = (name: string): string => name.split('.')[0] ?? ''

test('events count what the list of metrics has, and all of it but cold starts', () => {
  const counted = Object.values(events).flatMap((event) => countsOf(event))
  for (const { name, target } of counted)
    expect(target !== undefined, name).toBe(metricOf(name).isOfTarget ?? false)
  // Powertools counts cold starts; the other ends of what an event may tell are counted apart.
  const others = ['ColdStart', 'BatchesFailed', 'WorkFailed']
  expect(new Set([...counted.map(({ name }) => familyOf(name)), ...others])).toEqual(
    new Set(Object.keys(metrics).map(familyOf)),
  )
})

test('lag and age are told in seconds', () => {
  const lag = countsOf(events['target-applied'])
  expect(lag).toEqual([{ name: 'LagSeconds', count: 2.5, target: 'silver' }])
  expect(metricOf('LagSeconds').unit).toBe('seconds')
  expect(countsOf(events['sweep-done'])).toContainEqual({ name: 'OldestBatchSeconds', count: 1.5 })
})
