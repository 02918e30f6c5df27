import { setMaxListeners } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { startEnvironment } from './environment.ts'
import type { Environment } from './environment.ts'
import { failureOf, payloadBytesMax } from './invocation.ts'
import type { Failure, FunctionSettings, Outcome } from './invocation.ts'

/** A function as its callers see it. */
export interface FunctionPool {
  readonly name: string
  readonly logFile: string
  /** Processes that live, the one started last at the end. */
  pids(): readonly number[]
  /** `payload` is JSON text of at most 6 MB. */
  invoke(payload: string): Promise<Outcome>
  /** Ends every process of the function and waits until they are gone. Invocations under way fail. */
  close(): Promise<void>
}

export interface FunctionPoolOptions {
  readonly logFile: string
  /** A start that failed is told here too: no invocation of the function can succeed. */
  readonly onInitFailure?: (failure: Failure) => void
  /** Every line the function prints, besides in the log. */
  readonly onLine?: (line: string) => void
}

/** Deliveries of one event to processes that turn out to be gone. */
const deliveriesMax = 3

/**
 * Runs one function in up to `concurrencyMax` processes, started when needed (a cold start) and kept for the next invocation.
 * A process that ran out of time is killed; the next invocation gets a new one.
 */
export const createFunctionPool = (
  settings: FunctionSettings,
  options: FunctionPoolOptions,
): FunctionPool => {
  const log = createWriteStream(options.logFile, { flags: 'a' })
  log.setMaxListeners(0)
  const idle: Environment[] = []
  const all = new Set<Environment>()
  const running = new Set<Promise<Outcome>>()
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)

  const takeEnvironment = async (): Promise<Environment | Failure> => {
    for (let warm = idle.pop(); warm; warm = idle.pop()) {
      if (warm.alive) return warm
      all.delete(warm)
      await warm.kill()
    }
    const cold = await startEnvironment(settings, {
      log,
      onLine: options.onLine,
      signal: closing.signal,
    })
    if ('kind' in cold) {
      if (!closing.signal.aborted) options.onInitFailure?.(cold)
      return cold
    }
    all.add(cold)
    return cold
  }

  const run = async (payload: string): Promise<Outcome> => {
    for (let delivery = 0; delivery < deliveriesMax; delivery++) {
      if (closing.signal.aborted) break
      const environment = await takeEnvironment()
      if ('kind' in environment) return environment
      const outcome = await environment.invoke(payload)
      if (environment.alive) idle.push(environment)
      else {
        all.delete(environment)
        await environment.kill()
      }
      if (outcome !== 'undelivered') return outcome
    }
    return failureOf('Runtime.Undelivered', `no process of ${settings.name} took the event`)
  }

  return {
    name: settings.name,
    logFile: options.logFile,
    pids: () => [...all].filter(({ alive }) => alive).map(({ pid }) => pid),
    invoke: async (payload) => {
      const sizeBytes = Buffer.byteLength(payload)
      if (sizeBytes > payloadBytesMax)
        return failureOf(
          'RequestEntityTooLarge',
          `the event has ${sizeBytes} bytes; Lambda takes ${payloadBytesMax} at most`,
        )
      if (running.size >= settings.concurrencyMax) return { kind: 'throttled' }
      const work: Promise<Outcome> = run(payload).finally(() => running.delete(work))
      running.add(work)
      return work
    },
    close: async () => {
      closing.abort()
      await Promise.allSettled(running)
      await Promise.all([...all].map((environment) => environment.kill()))
      if (log.writableEnded) return
      log.end()
      await finished(log).catch(() => undefined)
    },
  }
}
