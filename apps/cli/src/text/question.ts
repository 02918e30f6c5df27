import type { ClickHouseSettings } from '@silversmith/clickhouse'
import type { Row } from './row-layout.ts'

/** The server refused a person's own question. `code` is ClickHouse's; undefined when something else answered. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: number | undefined

  constructor(message: string, code: number | undefined) {
    super(message)
    this.code = code
  }
}

/** Longest wait for an answer. */
const answerMsMax = 300_000
const quotedCharactersMax = 500

/** The server's own words: at the prompt they are about what the person has just typed. */
const refusalOf = (status: number, header: string | null, body: string): Refused => {
  const code = header ?? /\bCode: (\d{1,5})\. DB::/.exec(body)?.[1]
  const text = body
    .trim()
    .replace(/^Code: \d+\. DB::Exception: /, '')
    .replace(/\s*\(version [^)]*\([^)]*\)\)$/, '')
    .slice(0, quotedCharactersMax)
  return code === undefined
    ? new Refused(`HTTP ${status} without an answer of ClickHouse; check the URL: ${text}`, code)
    : new Refused(`ClickHouse says (code ${code}): ${text}`, Number(code))
}

const reasonOf = (error: unknown): string => {
  const { cause, name } = error as Error
  if (!(cause instanceof Error)) return name
  return 'code' in cause ? String(cause.code) : cause.message
}

/** Rows of a SELECT or its like. @throws Refused with the server's own message; Error when it was not reached. */
export const ask = async (
  { url, database, user, password }: ClickHouseSettings,
  statement: string,
  signal: AbortSignal,
): Promise<readonly Row[]> => {
  const to = new URL(url)
  to.search = new URLSearchParams({ database, wait_end_of_query: '1' }).toString()
  const credentials = {
    ...(user || password ? { 'X-ClickHouse-User': user ?? 'default' } : {}),
    ...(password ? { 'X-ClickHouse-Key': password } : {}),
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)])
  const request = {
    method: 'POST',
    body: `${statement}\nFORMAT JSON`,
    headers: credentials,
    signal: limit,
  }
  const { response, body } = await fetch(to, request)
    .then(async (found) => ({ response: found, body: await found.text() }))
    .catch((error: unknown) => {
      throw new Error(`no whole answer from ${to.origin} (${reasonOf(error)})`, { cause: error })
    })
  const exception = response.headers.get('x-clickhouse-exception-code')
  if (!response.ok || exception !== null) throw refusalOf(response.status, exception, body)
  try {
    return (JSON.parse(body) as { readonly data: readonly Row[] }).data
  } catch {
    throw refusalOf(response.status, null, body)
  }
}
