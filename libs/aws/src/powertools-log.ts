import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Tracer } from '@aws-lambda-powertools/tracer'
import { type Log, type LogLevel, metricOf } from '@silversmith/core'
import type { Context } from 'aws-lambda'
import { countsOf, levelOf } from './event-entries.ts'

const namespace = 'Silversmith'

/** Until the first invocation. */
const startMode = 'start'

const units = { count: MetricUnit.Count, seconds: MetricUnit.Seconds } as const

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
  /** First thing of an invocation: request id and mode on every line, the mode on every metric, cold start counted. */
  begin(context: Context, mode: string): void
  /** Last thing of an invocation: writes the metrics. */
  end(): void
}

export const createFunctionLog = (settings: FunctionLogSettings): FunctionLog => {
  const { service, pipeline, logLevel, environment } = settings
  const logger = new Logger({
    serviceName: service,
    logLevel,
    persistentKeys: { pipeline, mode: startMode, ...(environment && { environment }) },
  })
  const dimensions = { pipeline, ...(environment && { environment }) }
  const metricsWith = (more: Readonly<Record<string, string>>): Metrics =>
    new Metrics({ namespace, serviceName: service, defaultDimensions: { ...dimensions, ...more } })
  const metrics = metricsWith({})
  const ofTarget = new Map<string, Metrics>()
  let mode = startMode
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
    begin: (context, begun) => {
      mode = begun
      logger.addContext(context)
      logger.appendKeys({ mode })
      metrics.captureColdStartMetric(context.functionName)
    },
    end: () => {
      for (const one of [metrics, ...ofTarget.values()]) {
        if (!one.hasStoredMetrics()) continue
        // A field of the line and no dimension: alarms and graphs go by metrics of all modes.
        one.addMetadata('mode', mode)
        one.publishStoredMetrics()
      }
    },
    emit: (event) => {
      const { kind, ...facts } = event
      logger[levelOf(kind)](kind, { event: facts })
      for (const { name, count, target } of countsOf(event))
        metricsOf(target).addMetric(name, units[metricOf(name).unit], count)
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
    modeOf: (event: unknown) => string,
    handler: (event: Input, context: Context) => Promise<Output>,
  ) =>
  async (event: Input, context: Context): Promise<Output> => {
    log.begin(context, modeOf(event))
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
