import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import type { Answer } from './answer.ts'
import type { CommandOf } from './command.ts'
import { defaultDir } from './command.ts'
import { needKeptStack } from './deployment/kept-stack.ts'
import { UsageError } from './usage-error.ts'

const readEvent = async (path: string): Promise<string> => {
  const event =
    path === '-'
      ? await readText(process.stdin)
      : await readFile(path, 'utf8').catch((error: unknown) => {
          throw new UsageError(`--event ${path}: ${(error as Error).message}`)
        })
  try {
    JSON.parse(event)
  } catch (error) {
    throw new UsageError(`--event ${path} is not JSON: ${(error as Error).message}`)
  }
  return event
}

const logOf = (dir: string, functionName: string): string =>
  join(dir, 'logs', `${functionName}.log`)

/** An answer without content says only that nothing failed; what was done is in the log. */
const describeAnswer = (document: unknown, log: string): string => {
  const text = JSON.stringify(document, null, 2)
  const isBare = document === null || (Array.isArray(document) && document.length === 0)
  return isBare ? `the function answered ${text}; what it did is in ${log}` : text
}

/** Its stack trace is one of a bundle: nobody reads it, and the log has it. */
const describeFailed = (functionName: string, document: unknown, log: string): string => {
  const { errorType = 'Error', errorMessage = 'it said nothing' } = (document ?? {}) as {
    readonly errorType?: string
    readonly errorMessage?: string
  }
  return `${functionName} failed: ${errorType}: ${errorMessage}; its log is ${log}`
}

/** Exit code 1 when the function failed. */
export const runInvoke = async (
  { functionName, event, dir = defaultDir }: CommandOf<'invoke'>,
  signal: AbortSignal,
): Promise<Answer> => {
  const payload = await readEvent(event)
  const { invokeUrl } = await needKeptStack(dir)
  const url = `${invokeUrl}/2015-03-31/functions/${functionName}/invocations`
  const response = await fetch(url, { method: 'POST', body: payload, signal })
  const body = await response.text()
  const document: unknown = body === '' ? null : JSON.parse(body)
  const failed = !response.ok || response.headers.has('x-amz-function-error')
  const log = logOf(dir, functionName)
  return failed
    ? { document, text: describeFailed(functionName, document, log), code: 1 }
    : { document, text: describeAnswer(document, log), code: 0 }
}
