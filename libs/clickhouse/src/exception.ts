import { Fault } from '@silversmith/core'
import type { FaultCode } from '@silversmith/core'

/** An error ClickHouse reported, by header or in a body. `text` may quote rows and must not reach a message as it is. */
export interface Exception {
  readonly code: number
  readonly text: string
  readonly status?: number
}

const each = (fault: FaultCode, codes: readonly number[]) =>
  codes.map((code): readonly [number, FaultCode] => [code, fault])

/** Code → what it asks for. Sealed batches wait safely in every case: this decides back-off and alarm, not safety. */
const faultByCode: ReadonlyMap<number, FaultCode> = new Map([
  // 159 timeout, 209, 210 network, 236 aborted, 319 unknown status of insert, 394, 735 cancelled, 425, 999-1002 below Keeper
  ...each('TARGET_OUTCOME_UNKNOWN', [159, 209, 210, 236, 319, 394, 425, 735, 999, 1000]),
  ...each('TARGET_OUTCOME_UNKNOWN', [1001, 1002]),
  // 202, 203 busy, 216 same query running, 225, 242 read only, 241 memory, 243 disk, 279, 285, 286 replicas, 439 threads
  ...each('TARGET_UNAVAILABLE', [3, 107, 164, 202, 203, 216, 225, 241, 242, 243, 252, 279]),
  ...each('TARGET_UNAVAILABLE', [285, 286, 439]),
  ...each('TARGET_DENIED', [192, 193, 194, 516]),
  // A grant on a table
  ...each('TARGET_FORBIDDEN', [497]),
  // 16, 47 columns, 60, 81 tables, 62 syntax, 115 unknown setting, 452 constrained setting, 48 not implemented
  ...each('TARGET_MISCONFIGURED', [16, 36, 46, 47, 48, 60, 62, 73, 81, 115, 452]),
  // 6-8, 26, 27 parsing, 53 type, 69, 70, 117 incorrect, 131 large, 349 NULL, 469 constraint
  ...each('TARGET_REFUSED_DATA', [6, 8, 26, 27, 33, 41, 53, 69, 70, 108, 117, 131, 349, 469, 636]),
])

/** Codes whose texts name tables, columns, settings and grants, never values of rows. */
const quotable: ReadonlySet<number> = new Set([16, 47, 60, 81, 115, 252, 452, 497])
const quotedCharactersMax = 200

const advice: Partial<Record<FaultCode, string>> = {
  TARGET_OUTCOME_UNKNOWN: 'It may have landed; the next attempt looks before it inserts.',
  TARGET_DENIED: 'Check user and password; the batch waits.',
  TARGET_FORBIDDEN: 'The user lacks a grant; the batch waits.',
  TARGET_MISCONFIGURED: 'Run the migration or correct the settings; the batch waits.',
  TARGET_REFUSED_DATA: 'The table does not take these rows; compare its columns. The batch waits.',
}

/** `Code: 60. DB::Exception: …` anywhere in a body, or undefined. */
export const findException = (body: string): Exception | undefined => {
  const code = /\bCode: (\d{1,5})\. DB::/.exec(body)?.[1]
  return code === undefined ? undefined : { code: Number(code), text: body }
}

/** The fault of an exception, with a message that names code and cause but quotes no row. `what` names the statement. */
export const faultOfException = (exception: Exception, what: string): Fault => {
  const { code, text } = exception
  const fault = codeOfException(exception)
  const name = nameOf(text)
  const quote = quotable.has(code) ? `: ${quoteOf(text)}` : ''
  return new Fault(
    fault,
    `ClickHouse answered ${what} with code ${code}${name ? ` ${name}` : ''}${quote}. ${advice[fault] ?? ''}`.trim(),
    { cause: { exceptionCode: code } },
  )
}

/** ClickHouse's code behind a fault, or behind the one that caused it; undefined: it was not ClickHouse that refused. */
export const exceptionCodeOf = (error: unknown): number | undefined => {
  const { cause } = (error ?? {}) as { readonly cause?: unknown }
  if (typeof cause !== 'object' || cause === null) return undefined
  const { exceptionCode } = cause as { readonly exceptionCode?: unknown }
  return typeof exceptionCode === 'number' ? exceptionCode : exceptionCodeOf(cause)
}

const codeOfException = ({ code, text, status }: Exception): FaultCode => {
  // 252 says "too many parts", which passes, and "too many partitions for one block", which does not.
  if (code === 252 && /partitions for single INSERT/i.test(text)) return 'TARGET_MISCONFIGURED'
  // 164 is "readonly": a replica that is catching up, or a user that may not change settings.
  if (code === 164 && /setting/i.test(text)) return 'TARGET_DENIED'
  const known = faultByCode.get(code)
  if (known) return known
  return status !== undefined && status >= 400 && status < 500
    ? 'TARGET_MISCONFIGURED'
    : 'TARGET_UNAVAILABLE'
}

const nameOf = (text: string): string | undefined =>
  [...text.matchAll(/\(([A-Z][A-Z0-9_]{3,60})\)/g)].at(-1)?.[1]

const quoteOf = (text: string): string =>
  text
    .replace(/^.*DB::Exception: /s, '')
    .replace(/\((version|[A-Z][A-Z0-9_]{3,60}\)).*$/s, '')
    .replace(/(?<!\w)'(?:[^'\\]|\\.)*'/g, "'…'")
    .replace(/\s+/g, ' ')
    .slice(0, quotedCharactersMax)
    .replace(/[.\s]+$/, '')
