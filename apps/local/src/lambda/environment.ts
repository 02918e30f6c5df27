import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createDeferred } from './deferred.ts'
import { account, failureOf, functionArnOf, initMs, region } from './invocation.ts'
import type { Failure, FunctionSettings, Outcome } from './invocation.ts'
import { createRuntimeApi } from './runtime-api.ts'

/** One process that runs one function, one invocation at a time. */
export interface Environment {
  readonly pid: number
  /** `undelivered`: the process was gone before it took the event; another one may have it. */
  invoke(payload: string): Promise<Outcome | 'undelivered'>
  readonly alive: boolean
  /** Ends the process at once and waits until it is gone. */
  kill(): Promise<void>
}

export interface EnvironmentOptions {
  readonly log: Writable
  /** Every line the process prints. */
  readonly onLine: ((line: string) => void) | undefined
  readonly signal: AbortSignal
}

const runtimeFile = fileURLToPath(new URL('runtime.ts', import.meta.url))

/** Share of the memory that V8 may use for its heap; the rest is buffers and code. */
const heapShare = 0.9

/** A process that answered asks for more at once; one that does not is stuck. */
const pollWaitMs = 5_000

const environmentOf = (settings: FunctionSettings, runtimeApi: string): NodeJS.ProcessEnv => {
  const inherited = Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_EXTRA_CA_CERTS'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  )
  return {
    ...inherited,
    TZ: 'UTC',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCOUNT_ID: account,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMib),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    LAMBDA_TASK_ROOT: dirname(settings.bundle),
    _HANDLER: 'index.handler',
    ...settings.env,
    SILVERSMITH_BUNDLE: settings.bundle,
  }
}

const describeEnd = (code: number | null, signal: NodeJS.Signals | null): Failure =>
  failureOf(
    'Runtime.ExitError',
    signal
      ? `Runtime exited with signal ${signal}`
      : code === 0
        ? 'Runtime exited without providing a reason'
        : `Runtime exited with error: exit status ${code}`,
  )

/** A process of its own that the function left behind may hold its output open. */
const lastLinesMs = 2_000

const after = <Value>(ms: number, value: Value): { promise: Promise<Value>; clear: () => void } => {
  const { promise, resolve } = createDeferred<Value>()
  const timer = setTimeout(() => resolve(value), ms)
  return { promise, clear: () => clearTimeout(timer) }
}

/**
 * Starts the process and waits until it asks for work. A failure means that its start failed: the process is gone.
 * An abort of the signal ends the process, whatever it does.
 */
export const startEnvironment = async (
  settings: FunctionSettings,
  { log, onLine, signal }: EnvironmentOptions,
): Promise<Environment | Failure> => {
  const api = await createRuntimeApi()
  const heapMib = Math.floor(settings.memoryMib * heapShare)
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMib}`, '--disable-warning=ExperimentalWarning', runtimeFile],
    { env: environmentOf(settings, api.address), stdio: ['pipe', 'pipe', 'pipe'] },
  )
  child.stdin.on('error', () => undefined)
  const printed = [child.stdout, child.stderr].map(async (output) => {
    for await (const line of createInterface({ input: output, crlfDelay: Infinity })) {
      if (!log.writableEnded) log.write(`${line}\n`)
      onLine?.(line)
    }
  })
  let alive = true
  const ended = new Promise<Failure>((resolve) => {
    child.once('error', (error) => {
      alive = false
      resolve(failureOf('Runtime.SpawnError', error.message))
    })
    child.once('exit', (code, signal) => {
      alive = false
      resolve(describeEnd(code, signal))
    })
  })
  // What it printed last comes after its end.
  const silent = Promise.race([
    Promise.all(printed),
    ended.then(() => sleep(lastLinesMs, undefined, { ref: false })),
  ])
  const kill = async (): Promise<void> => {
    if (alive) child.kill('SIGKILL')
    await Promise.all([ended, silent])
    await api.close()
  }

  const abort = (): void => void child.kill('SIGKILL')
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  void ended.then(() => signal.removeEventListener('abort', abort))

  const limit = after(
    initMs + settings.timeoutMs,
    failureOf('Runtime.InitTimeout', 'the code outside the handler did not end in time'),
  )
  const failure = await Promise.race([api.started, ended, limit.promise])
  limit.clear()
  if (failure) {
    await kill()
    return failure
  }

  const invoke = async (payload: string): Promise<Outcome | 'undelivered'> => {
    const id = randomUUID()
    const start = Date.now()
    const wait = after(pollWaitMs, 'stuck' as const)
    const delivered = api.deliver({
      id,
      functionArn: functionArnOf(settings.name),
      deadline: start + settings.timeoutMs,
      payload,
    })
    const first = await Promise.race([delivered, ended, wait.promise])
    wait.clear()
    if (first !== undefined) {
      await kill()
      return 'undelivered'
    }
    log.write(`START RequestId: ${id} Version: $LATEST\n`)
    const seconds = (settings.timeoutMs / 1000).toFixed(2)
    const timedOut = failureOf(
      'Sandbox.Timedout',
      `RequestId: ${id} Error: Task timed out after ${seconds} seconds`,
    )
    const timeout = after(settings.timeoutMs, timedOut)
    const outcome = await Promise.race([api.answer(), ended, timeout.promise])
    timeout.clear()
    if (outcome === timedOut) await kill()
    log.write(`END RequestId: ${id}\nREPORT RequestId: ${id}\tDuration: ${Date.now() - start} ms\n`)
    return outcome
  }

  return {
    pid: child.pid ?? 0,
    invoke,
    get alive() {
      return alive
    },
    kill,
  }
}
