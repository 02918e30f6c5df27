import type { Event, MetricName } from '@silversmith/core'

export type Level = 'debug' | 'info' | 'warn' | 'error'

/** What an event adds to which metric; `target` is a dimension more. */
export interface Count {
  readonly name: MetricName
  /** In the unit of the metric. */
  readonly count: number
  readonly target?: string
}

/** How each event is logged, and what it counts. Zeros are left out, except where their absence would blind an alarm. */
interface Entry<Kind extends Event['kind']> {
  readonly level: Level
  readonly counts: (event: Extract<Event, { readonly kind: Kind }>) => readonly Count[]
}

const entries: { readonly [Kind in Event['kind']]: Entry<Kind> } = {
  'arrivals-read': {
    level: 'info',
    counts: (event) =>
      withoutZeros({
        ArrivalsAccepted: event.accepted,
        ArrivalsIgnored: event.ignored,
        ArrivalsUnknown: event.unknown,
      }),
  },
  'batch-sealed': {
    level: 'info',
    counts: (event) =>
      withoutZeros({
        BatchesSealed: 1,
        SourcesSealed: event.sources,
        RowsSealed: event.rows,
        RecordsRejected: event.rejected,
        RowsDrifted: event.drifted,
        ...named('Sources', event.dispositions),
        ...named('RecordsRejected', event.rejectedByReason),
        ...named('Kinds', event.kinds),
        ...named('SilverFiles', event.silverFiles),
        ...named('Inserts', event.inserts),
      }),
  },
  'chunk-applied': {
    level: 'debug',
    counts: (event) => [
      { name: 'ChunksApplied', count: 1, target: event.target },
      { name: 'RowsApplied', count: event.rows, target: event.target },
      ...(event.found ? [{ name: 'ChunksFound', count: 1, target: event.target } as const] : []),
    ],
  },
  'target-applied': {
    level: 'debug',
    counts: ({ target, lagMs }) =>
      lagMs === undefined ? [] : [{ name: 'LagSeconds', count: lagMs / 1000, target }],
  },
  'batch-committed': { level: 'info', counts: () => [{ name: 'BatchesCommitted', count: 1 }] },
  'batch-aborted': {
    level: 'warn',
    counts: (event) => [{ name: event.end === 'lost' ? 'BatchesLost' : 'BatchesFailed', count: 1 }],
  },
  'apply-failed': {
    level: 'error',
    counts: (event) => [{ name: 'AppliesFailed', count: 1, target: event.target }],
  },
  'breaker-opened': {
    level: 'error',
    counts: (event) => [{ name: 'CircuitBreakerOpen', count: 1, target: event.target }],
  },
  'breaker-probed': {
    level: 'info',
    counts: (event) => [{ name: 'CircuitBreakerProbes', count: 1, target: event.target }],
  },
  'breaker-closed': {
    level: 'info',
    counts: (event) => [{ name: 'CircuitBreakerClosed', count: 1, target: event.target }],
  },
  'apply-put-off': {
    level: 'debug',
    counts: (event) => [{ name: 'AppliesPutOff', count: 1, target: event.target }],
  },
  'message-unreadable': {
    level: 'error',
    counts: () => [{ name: 'MessagesUnreadable', count: 1 }],
  },
  'claim-without-batch': {
    level: 'error',
    counts: () => [{ name: 'ClaimsWithoutBatch', count: 1 }],
  },
  'source-suspected': { level: 'warn', counts: () => [{ name: 'SourcesSuspected', count: 1 }] },
  'sweep-done': {
    level: 'info',
    counts: (event) => [
      { name: 'BatchesOverdue', count: event.found },
      { name: 'OldestBatchSeconds', count: event.oldestMs / 1000 },
      { name: 'TargetsResting', count: event.resters.length },
      ...withoutZeros({
        BatchesResent: event.sent,
        BatchesResting: event.resting,
        BatchesFreed: event.aborted,
      }),
    ],
  },
  'reconcile-found': { level: 'warn', counts: () => [] },
  'reconcile-done': {
    level: 'info',
    counts: (event) => [
      { name: 'SourcesMissing', count: event.missing },
      { name: 'SourcesStuck', count: event.stuck },
      { name: 'ChunksMissing', count: event.chunksMissing },
      { name: 'ChunksExtra', count: event.chunksExtra },
      ...withoutZeros({
        SourcesMatched: event.matched,
        SourcesSetAside: event.setAside,
        ChunksMatched: event.chunksMatched,
      }),
    ],
  },
  'job-slice': {
    level: 'info',
    counts: (event) => withoutZeros({ JobObjectsFound: event.found, JobObjectsSent: event.sent }),
  },
  'job-part-failed': { level: 'error', counts: () => [{ name: 'JobPartsFailed', count: 1 }] },
  'job-turned': { level: 'info', counts: () => [] },
  'job-done': { level: 'info', counts: () => [] },
  'work-failed': {
    level: 'error',
    counts: (event) => [{ name: event.code === 'BUG' ? 'Bugs' : 'WorkFailed', count: 1 }],
  },
}

export const levelOf = (kind: Event['kind']): Level => entries[kind].level

export const countsOf = (event: Event): readonly Count[] =>
  (entries[event.kind] as Entry<Event['kind']>).counts(event)

/** `Sources.rows`, `SilverFiles.under1MiB`: one metric for each name, so that each is a line of a graph. */
const named = (
  metric: string,
  counts: Readonly<Partial<Record<string, number>>>,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [`${metric}.${name}`, count ?? 0]),
  )

const withoutZeros = (counts: Readonly<Record<string, number>>): readonly Count[] =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({ name: name as MetricName, count }))
