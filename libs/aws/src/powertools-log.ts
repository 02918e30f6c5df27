import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Tracer } from '@aws-lambda-powertools/tracer'
import type { Event, Log, LogLevel } from '@silversmith/core'
import type { Context } from 'aws-lambda'

const namespace = 'Silversmith'

export interface FunctionLogSettings {
  /** Name of the function in logs and metrics: `ingest`, `transform`, `bulk`. */
  readonly service: string
  readonly pipeline: string
  readonly logLevel: LogLevel
  readonly environment: string | undefined
}

/** The Log port of a Lambda: one JSON line per event, and the same facts counted as CloudWatch metrics (EMF lines). */
export interface FunctionLog extends Log {
  /** The one line of a cold start: versions and effective settings, secrets left out by the caller. */
  started(settings: Readonly<Record<string, unknown>>): void
  /** First thing of an invocation: request id on every line, cold start counted. */
  begin(context: Context): void
  /** Last thing of an invocation: writes the metrics. */
  end(): void
}

export const createFunctionLog = (settings: FunctionLogSettings): FunctionLog => {
  const { service, pipeline, logLevel, environment } = settings
  const logger = new Logger({
    serviceName: service,
    logLevel,
    persistentKeys: { pipeline, ...(environment && { environment }) },
  })
  const dimensions = { pipeline, ...(environment && { environment }) }
  const metricsWith = (more: Readonly<Record<string, string>>): Metrics =>
    new Metrics({ namespace, serviceName: service, defaultDimensions: { ...dimensions, ...more } })
  const metrics = metricsWith({})
  const ofTarget = new Map<string, Metrics>()
  const metricsOf = (target: string | undefined): Metrics => {
    if (target === undefined) return metrics
    const own = ofTarget.get(target) ?? metricsWith({ target })
    ofTarget.set(target, own)
    return own
  }
  return {
    started: (effective) => {
      const { version, platform, arch } = process
      logger.info('started', { node: version, platform, arch, settings: { ...effective } })
    },
    begin: (context) => {
      logger.addContext(context)
      metrics.captureColdStartMetric(context.functionName)
    },
    end: () => {
      for (const one of [metrics, ...ofTarget.values()])
        if (one.hasStoredMetrics()) one.publishStoredMetrics()
    },
    emit: (event) => {
      const { kind, ...facts } = event
      logger[levels[kind]](kind, { event: facts })
      for (const { name, count, target } of countsOf(event))
        metricsOf(target).addMetric(name, MetricUnit.Count, count)
    },
  }
}

/**
 * The tracer of X-Ray; undefined where it is not wanted. Only where it is its code is loaded: from then on it follows every promise of
 * the process.
 */
export const openTracer = async (
  serviceName: string,
  isWanted: boolean,
): Promise<Tracer | undefined> => {
  if (!isWanted) return undefined
  const { Tracer } = await import('@aws-lambda-powertools/tracer')
  return new Tracer({ serviceName })
}

/** Runs one invocation inside the log's `begin` and `end`, and inside a segment of X-Ray where tracing is on. */
export const observe =
  <Input, Output>(
    log: FunctionLog,
    tracer: Tracer | undefined,
    handler: (event: Input, context: Context) => Promise<Output>,
  ) =>
  async (event: Input, context: Context): Promise<Output> => {
    log.begin(context)
    const segment = tracer?.isTracingEnabled() ? tracer.getSegment() : undefined
    const part = segment?.addNewSubsegment('## handler')
    if (part) tracer?.setSegment(part)
    tracer?.annotateColdStart()
    try {
      return await handler(event, context)
    } catch (error) {
      if (error instanceof Error) tracer?.addErrorAsMetadata(error)
      throw error
    } finally {
      part?.close()
      if (segment) tracer?.setSegment(segment)
      log.end()
    }
  }

const levels: Readonly<Record<Event['kind'], 'debug' | 'info' | 'warn' | 'error'>> = {
  'arrivals-read': 'info',
  'batch-sealed': 'info',
  'chunk-applied': 'debug',
  'batch-committed': 'info',
  'batch-aborted': 'warn',
  'apply-failed': 'error',
  'message-unreadable': 'error',
  'claim-without-batch': 'error',
  'source-suspected': 'warn',
  'sweep-done': 'info',
  'reconcile-found': 'warn',
  'reconcile-done': 'info',
  'work-failed': 'error',
}

interface Count {
  readonly name: string
  readonly count: number
  readonly target?: string
}

/** What an event adds to which metric. Zeros are left out, except where their absence would blind an alarm. */
export const countsOf = (event: Event): readonly Count[] => {
  switch (event.kind) {
    case 'arrivals-read':
      return withoutZeros({
        ArrivalsAccepted: event.accepted,
        ArrivalsIgnored: event.ignored,
        ArrivalsUnknown: event.unknown,
      })
    case 'batch-sealed':
      return withoutZeros({
        BatchesSealed: 1,
        SourcesSealed: event.sources,
        RowsSealed: event.rows,
        RecordsRejected: event.rejected,
        RowsDrifted: event.drifted,
        ...named('Sources', event.dispositions),
        ...named('SilverFiles', event.silverFiles),
        ...named('Inserts', event.inserts),
      })
    case 'chunk-applied':
      return [
        { name: 'ChunksApplied', count: 1, target: event.target },
        { name: 'RowsApplied', count: event.rows, target: event.target },
        ...(event.found ? [{ name: 'ChunksFound', count: 1, target: event.target }] : []),
      ]
    case 'batch-committed':
      return [{ name: 'BatchesCommitted', count: 1 }]
    case 'batch-aborted':
      return [{ name: event.end === 'lost' ? 'BatchesLost' : 'BatchesFailed', count: 1 }]
    case 'apply-failed':
      return [{ name: 'AppliesFailed', count: 1, target: event.target }]
    case 'message-unreadable':
      return [{ name: 'MessagesUnreadable', count: 1 }]
    case 'claim-without-batch':
      return [{ name: 'ClaimsWithoutBatch', count: 1 }]
    case 'source-suspected':
      return [{ name: 'SourcesSuspected', count: 1 }]
    case 'sweep-done':
      return [
        { name: 'BatchesOverdue', count: event.found },
        ...withoutZeros({ BatchesResent: event.sent, BatchesFreed: event.aborted }),
      ]
    case 'reconcile-found':
      return []
    case 'reconcile-done':
      return [
        { name: 'SourcesMissing', count: event.missing },
        { name: 'SourcesStuck', count: event.stuck },
        { name: 'ChunksMissing', count: event.chunksMissing },
        { name: 'ChunksExtra', count: event.chunksExtra },
        ...withoutZeros({
          SourcesMatched: event.matched,
          SourcesSetAside: event.setAside,
          ChunksMatched: event.chunksMatched,
        }),
      ]
    case 'work-failed':
      return [{ name: event.code === 'BUG' ? 'Bugs' : 'WorkFailed', count: 1 }]
  }
}

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
    .map(([name, count]) => ({ name, count }))
