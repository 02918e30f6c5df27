/** What a metric is, and when to be woken by it. */
export interface MetricFacts {
  /** Counts are of one invocation; seconds are the most of it. */
  readonly unit: 'count' | 'seconds'
  readonly what: string
  /** It has the dimension `target` beside the others. */
  readonly isOfTarget?: boolean
  /** Also written when it is 0, or its alarm would never end. */
  readonly hasZero?: boolean
  readonly alarm?: {
    /** Of the metric, in words. */
    readonly when: string
    readonly means: string
    /** Names a command; Markdown of the runbook. */
    readonly action: string
  }
}

const count = (what: string, more: Omit<MetricFacts, 'unit' | 'what'> = {}): MetricFacts => ({
  ...{ unit: 'count', what },
  ...more,
})
const seconds = (what: string, more: Omit<MetricFacts, 'unit' | 'what'> = {}): MetricFacts => ({
  ...{ unit: 'seconds', what },
  ...more,
})
const ofTarget = { isOfTarget: true } as const
const hasZero = { hasZero: true } as const

/** Every metric; of a name with `.<word>` there is one for each word. */
const table = {
  ArrivalsAccepted: count('objects sent on by ingest'),
  ArrivalsIgnored: count('events of folders, deletions and the like'),
  ArrivalsUnknown: count('events that are none of ours', {
    alarm: {
      when: 'over 0',
      means: 'somebody sends what is none of ours',
      action: '`silversmith dlq list`',
    },
  }),
  BatchesSealed: count('batches that became real'),
  SourcesSealed: count('their sources'),
  'Sources.<disposition>': count('their sources by what became of each'),
  RowsSealed: count('their accepted records'),
  'Kinds.<kind>': count(
    'their rows by kind, of tables that tell kinds: `event_type` of `raw_events`',
  ),
  RecordsRejected: count('their rejected records', {
    alarm: {
      when: 'over a share of `RowsSealed` that you set',
      means: 'a producer sends bad data, or something new',
      action: '`silversmith quarantine list`',
    },
  }),
  'RecordsRejected.<reason>': count('the same by reason'),
  RowsDrifted: count(
    'rows with values that fit no column, whatever their contract made of them: `silversmith drift show` names the paths',
  ),
  'SilverFiles.<class>': count('their silver files, by [size](#histograms)'),
  'Inserts.<class>': count('their INSERTs, by [rows](#histograms)'),
  ChunksApplied: count('chunks a target took', ofTarget),
  RowsApplied: count('rows a target took', ofTarget),
  ChunksFound: count('chunks that were there already when somebody came to apply', ofTarget),
  LagSeconds: seconds(
    'from the creation of the oldest object of a batch until a target has all of it',
    {
      ...ofTarget,
      alarm: {
        when: 'over 180 for some minutes, while objects come as usual',
        means: 'rows are late',
        action: '`silversmith batch list`; [the breaker](reference/breaker.md) of the target',
      },
    },
  ),
  AppliesFailed: count('tries that failed', {
    ...ofTarget,
    alarm: {
      when: 'over 0',
      means: 'a target refuses or does not answer',
      action: '`silversmith batch list --state failing` has the fault, [below](#faults)',
    },
  }),
  AppliesPutOff: count("tries that were not made, for the target's breaker is open", ofTarget),
  CircuitBreakerOpen: count('times a target, or a table of it, was no longer called', {
    ...ofTarget,
    alarm: {
      when: 'over 0',
      means:
        'a target, or one table of it, is no longer called; [what it does](reference/breaker.md)',
      action: '`silversmith batch list --state failing` has the fault, [below](#faults)',
    },
  }),
  CircuitBreakerProbes: count('times it was tried again', ofTarget),
  CircuitBreakerClosed: count('times it was called again', ofTarget),
  TargetsResting: count('targets that are not called, at the last sweep', hasZero),
  BatchesCommitted: count('batches that are in all targets'),
  BatchesFailed: count('batches given up by their worker'),
  BatchesLost: count('batches whose worker died', {
    alarm: {
      when: 'over 0',
      means: 'processes of transform die',
      action: 'its memory and time-out; `silversmith batch list` and the log name the batch',
    },
  }),
  BatchesOverdue: count('open batches nobody is at, which a sweep found', {
    ...hasZero,
    alarm: {
      when: 'over 0 and not falling',
      means: 'sealed batches are not applied',
      action: '`silversmith batch list --state failing`',
    },
  }),
  OldestBatchSeconds: seconds('age of the oldest of them', {
    ...hasZero,
    alarm: {
      when: 'over 3 600',
      means: 'a batch has been open for an hour',
      action: '`silversmith batch list`',
    },
  }),
  BatchesResent: count('of them handed to transform'),
  BatchesResting: count('of them left to wait for a target that is not called'),
  BatchesFreed: count('of them ended, for their worker had died'),
  ClaimsWithoutBatch: count('claims of batches the ledger lacks', {
    alarm: {
      when: 'over 0',
      means: 'the ledger lost batches',
      action:
        '[the ledger was restored](#the-ledger-was-lost-or-restored): `silversmith ledger rebuild`',
    },
  }),
  SourcesSuspected: count('sources that went down with a process', {
    alarm: {
      when: 'over 0',
      means: 'processes of transform die',
      action: 'its memory and time-out; `silversmith batch list` and the log name the batch',
    },
  }),
  MessagesUnreadable: count('messages that are none of ours', {
    alarm: {
      when: 'over 0',
      means: 'somebody sends what is none of ours',
      action: '`silversmith dlq list`',
    },
  }),
  SourcesMatched: count('objects a reconcile found in a batch'),
  SourcesMissing: count('objects it found in none', {
    ...hasZero,
    alarm: {
      when: 'over 0',
      means: 'events were lost, or loads came to nothing',
      action: '`silversmith reconcile --enqueue`',
    },
  }),
  SourcesStuck: count('objects whose batch is held up', {
    ...hasZero,
    alarm: { when: 'over 0', means: 'work is held up', action: '`silversmith batch list`' },
  }),
  SourcesSetAside: count('objects sealed without being loaded', {
    alarm: {
      when: 'over 0',
      means: 'objects are too large, unreadable, poison',
      action: '`silversmith reconcile` names each',
    },
  }),
  ChunksMatched: count('chunks it found whole in a target'),
  ChunksMissing: count('chunks a target lacks rows of', {
    ...hasZero,
    alarm: {
      when: 'over 0',
      means: 'rows were deleted from a target',
      action: 'on purpose: nothing. Else `silversmith repair <batch>`',
    },
  }),
  ChunksExtra: count("rows that are there twice, or are nobody's", {
    ...hasZero,
    alarm: {
      when: 'over 0',
      means: "rows are there twice, or are nobody's",
      action: '`silversmith reconcile` says which',
    },
  }),
  JobObjectsFound: count('objects inside the windows of jobs'),
  JobObjectsSent: count('of them sent to transform'),
  JobPartsFailed: count('prefixes of jobs that could not be walked', {
    alarm: {
      when: 'over 0',
      means: 'a job cannot list a prefix, or send what it found',
      action:
        '`silversmith backfill status --job <job>` has the fault, [below](#faults), and what to do when it is mended',
    },
  }),
  WorkFailed: count('failures that pass, or need a person'),
  Bugs: count('defects of this house', {
    alarm: {
      when: 'over 0',
      means: 'a defect of this house; nothing is lost meanwhile',
      action: 'its name and place are in the log; `silversmith batch list` has what waits',
    },
  }),
  ColdStart: count('processes of the function that started'),
} satisfies Record<string, MetricFacts>

type Families = `${string}.<${string}>`
type Listed = keyof typeof table

/** Names as they are written: `Sources.rows` is one of `Sources.<disposition>`. */
export type MetricName =
  | Exclude<Listed, Families>
  | `${Extract<Listed, Families> extends `${infer Family}.<${string}>` ? Family : never}.${string}`

export const metrics: Readonly<Record<string, MetricFacts>> = table

/** Facts of a metric by its written name. @throws RangeError when there is none. */
export const metricOf = (name: string): MetricFacts => {
  const [family, word] = name.split('.')
  const facts =
    word === undefined
      ? metrics[name]
      : Object.entries(metrics).find(([listed]) => listed.startsWith(`${family}.<`))?.[1]
  if (!facts) throw new RangeError(`there is no metric ${name}`)
  return facts
}
