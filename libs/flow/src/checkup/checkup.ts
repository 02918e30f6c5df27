import { type Check, type Checker, checksOf, isWrong } from '@silversmith/core'
import { describeFailure } from '../failure.ts'
import { type AskedCheckup, type AskedPlace, readAskedCheckup } from './asked.ts'

/** As older functions answered, for the scripts that read it. */
export interface CheckupAnswer {
  readonly statusCode: 200 | 500
  /** JSON. */
  readonly body: string
}

type Facts = Readonly<Record<string, unknown>>

export interface CheckupDeps {
  readonly functionName: string
  /** What the function can be asked for, for `health_check`. */
  readonly modes: readonly string[]
  /** `timeoutSeconds`: of the function, as far as the invocation tells. */
  readonly checkersOf: (timeoutSeconds: number) => readonly Checker[]
  /** What is in force, without secrets. */
  readonly settings: Facts
  readonly environment: Facts
  readonly runtime: Facts
  readonly dependencies: Facts
  /** Where diagnostics look for objects when the event names no place. */
  readonly place: AskedPlace
  readonly lookAtPlace: (
    place: { readonly bucket: string; readonly prefix: string },
    signal: AbortSignal,
  ) => Promise<Facts>
  /** A signal that aborts after so many ms. */
  readonly limit: (ms: number) => AbortSignal
  /** Epoch ms. */
  readonly now: () => number
}

interface Invocation {
  getRemainingTimeInMillis(): number
}

/** Left for answering. */
const marginMs = 1_000
/** A caller of Invoke waits for a minute. */
const checkMsMax = 50_000

/** Answers `health_check` and `diagnostics`, for which alone `open` is called; whatever else comes is the handler's. */
export const withCheckup =
  <Event, Context extends Invocation, Output>(
    open: () => CheckupDeps,
    handler: (event: Event, context: Context) => Promise<Output>,
  ) =>
  async (event: Event, context: Context): Promise<Output | CheckupAnswer> => {
    const asked = readAskedCheckup(event)
    return asked ? answerCheckup(open(), asked, context) : handler(event, context)
  }

const answerCheckup = async (
  deps: CheckupDeps,
  asked: AskedCheckup,
  context: Invocation,
): Promise<CheckupAnswer> => {
  const remainingMs = context.getRemainingTimeInMillis()
  const timeoutSeconds = Math.ceil(remainingMs / 1000)
  const signal = deps.limit(Math.min(Math.max(0, remainingMs - marginMs), checkMsMax))
  const checks = await runCheckers(deps.checkersOf(timeoutSeconds), signal)
  const { functionName, modes, runtime, environment, dependencies, settings } = deps
  const healthy = !checks.some(isWrong)
  const clickHouse = checks.filter(({ part }) => part === 'clickhouse')
  const common = {
    lambda_function: functionName,
    clickhouse_healthy: clickHouse.length === 0 ? null : !clickHouse.some(isWrong),
    healthy,
    modes,
    timestamp: new Date(deps.now()).toISOString(),
  }
  if (asked.kind === 'health') {
    const problems = checks.filter(({ state }) => state !== 'ok')
    const body = JSON.stringify({ ...common, problems })
    return { statusCode: healthy ? 200 : 500, body }
  }
  const body = JSON.stringify({
    ...{ ...common, runtime, environment, dependencies, settings, checks },
    timeout_seconds: timeoutSeconds,
    ...(await lookAtObjects(deps, asked.place, signal)),
  })
  return { statusCode: 200, body }
}

/** All at once; each says of itself what it could not find out. */
export const runCheckers = async (
  checkers: readonly Checker[],
  signal: AbortSignal,
): Promise<readonly Check[]> => {
  const found = await Promise.all(
    checkers.map((checker) =>
      checker(signal).catch((error: unknown) => {
        const { code, message } = describeFailure(error)
        const fix =
          code === 'BUG'
            ? 'a defect of this house: report it'
            : 'docs/runbook.md has each fault, with what to do'
        return [checksOf('function', 'check').wrong(`${code}: ${message}`, fix)]
      }),
    ),
  )
  return found.flat()
}

const lookAtObjects = async (
  { place, lookAtPlace }: CheckupDeps,
  asked: AskedPlace | undefined,
  signal: AbortSignal,
): Promise<{ readonly s3_check?: Facts }> => {
  const bucket = asked?.bucket ?? place.bucket
  const prefix = asked?.prefix ?? place.prefix ?? ''
  if (bucket !== undefined) return { s3_check: await lookAtPlace({ bucket, prefix }, signal) }
  if (!asked) return {}
  const error = 'no bucket: name one in s3_check, or in DIAG_S3_BUCKET'
  return { s3_check: { request: { bucket: null, prefix }, status: 'error', error } }
}
