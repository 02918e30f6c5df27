/** What one function is, as its Terraform resource would say. */
export interface FunctionSettings {
  readonly name: string
  /** ES module file that exports `handler`. */
  readonly bundle: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly memoryMib: number
  /** Invocations at one time; one more is throttled. */
  readonly concurrencyMax: number
}

export interface Failure {
  readonly kind: 'failure'
  readonly errorType: string
  readonly errorMessage: string
  readonly stackTrace: readonly string[]
}

/** What became of an invocation. `payload` is JSON text. */
export type Outcome =
  { readonly kind: 'success'; readonly payload: string } | Failure | { readonly kind: 'throttled' }

/** Lambda's limit for the payload of a synchronous invocation and of its answer: 6 MB. */
export const payloadBytesMax = 6 * 1024 * 1024

/** Lambda gives the code outside the handler 10 s before it starts over. */
export const initMs = 10_000

export const region = 'us-east-1'
export const account = '000000000000'

export const functionArnOf = (name: string): string =>
  `arn:aws:lambda:${region}:${account}:function:${name}`

export const failureOf = (
  errorType: string,
  errorMessage: string,
  stackTrace: readonly string[] = [],
): Failure => ({ kind: 'failure', errorType, errorMessage, stackTrace })

/** Reads the document a runtime posts about an error; what it leaves out stays readable. */
export const readFailure = (body: string): Failure => {
  try {
    const parsed = JSON.parse(body) as Partial<Record<string, unknown>> | null
    const trace = parsed?.['stackTrace'] ?? parsed?.['trace']
    return failureOf(
      String(parsed?.['errorType'] ?? 'Error'),
      String(parsed?.['errorMessage'] ?? ''),
      Array.isArray(trace) ? trace.map(String) : [],
    )
  } catch {
    return failureOf('Runtime.UnreadableError', body.slice(0, 1000))
  }
}
