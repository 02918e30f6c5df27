import type { LambdaClient } from '@aws-sdk/client-lambda'
import { InvokeCommand } from '@aws-sdk/client-lambda'
import { type Check, type Checker, checksOf, isWrong } from '@silversmith/core'
import { checkOfFailure } from './call-check.ts'

/** A cold start, and all the function looks at. A client for it waits as long, and tries once. */
export const invokeMsMax = 90_000

export interface Invoked {
  /** Name or ARN. */
  readonly name: string
  /** What the function is in the house: `ingest`, `transform`, `bulk`. */
  readonly role: string
}

/** Invokes a function with `{"diagnostics": true}`, and tells what it found where that is not well. */
export const createFunctionChecker =
  (client: LambdaClient, { name, role }: Invoked): Checker =>
  async (signal) => {
    const check = checksOf('function', role)
    try {
      const Payload = JSON.stringify({ diagnostics: true })
      const answer = await client.send(new InvokeCommand({ FunctionName: name, Payload }), {
        abortSignal: AbortSignal.any([signal, AbortSignal.timeout(invokeMsMax)]),
      })
      const text = answer.Payload ? Buffer.from(answer.Payload).toString() : ''
      if (answer.FunctionError === undefined) return told(role, text)
      return [
        check.wrong(`${name} fails: ${failureIn(text)}`, 'mend what it says; its log says more'),
      ]
    } catch (error) {
      const call = { what: `invoking ${name}`, permission: 'lambda:InvokeFunction' }
      return [checkOfFailure(check, error, { ...call, isNeeded: false })]
    }
  }

/** Lines are put together: settings that are missing come one a line. */
const failureIn = (text: string): string => {
  const { errorType = 'Error', errorMessage = 'it said nothing' } = parse<{
    readonly errorType?: string
    readonly errorMessage?: string
  }>(text)
  return `${errorType}: ${errorMessage.replaceAll(/\s*\n\s*/g, ' ')}`
}

const told = (role: string, text: string): readonly Check[] => {
  const { body = '' } = parse<{ readonly body?: string }>(text)
  const { checks } = parse<{ readonly checks?: readonly Check[] }>(body)
  const check = checksOf('function', role)
  if (!checks)
    return [
      check.wrong(
        `${role} does not know {"diagnostics": true}`,
        'correct its name, or deploy this release of it',
      ),
    ]
  const ill = checks.filter(({ state }) => state !== 'ok')
  return [
    ...(checks.some(isWrong)
      ? []
      : [check.ok(`answers, and of ${checks.length} things it looked at none is wrong`)]),
    ...ill.map((one) => ({
      ...one,
      part: 'function' as const,
      name: `${role}, ${one.part} ${one.name}`,
    })),
  ]
}

const parse = <Content extends object>(text: string): Partial<Content> => {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}
