import type { ClickHouseSettings } from '@silversmith/clickhouse'
import type { Table } from './tick.ts'

/** A person's own query against the run's ClickHouse. It reads only, and costs no more than its limits. */
export type Ask = (statement: string, signal: AbortSignal) => Promise<Table>

type Server = Pick<ClickHouseSettings, 'url' | 'database' | 'user' | 'password'>

/** The question cannot be answered; the message is for the person who asked. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

export const rowsMax = 200
export const queryMs = 10_000
export const statementCharsMax = 100_000
/** Beyond the server's own limit: it looks at its clock between blocks. */
const graceMs = 5_000
const answerBytesMax = 16_000_000
const cellCharsMax = 2_000
const memoryBytesMax = 2_000_000_000
const questionsMax = 2
const errorCharsMax = 1_500

const reading =
  /^\s*(?:(?:--[^\n]*\n|\/\*.*?\*\/)\s*)*\(*\s*(?:select|with|from|show|describe|desc|explain|exists)\b/is

const settingsOf = (database: string, limitMs: number): URLSearchParams =>
  new URLSearchParams({
    database,
    default_format: 'JSONCompact',
    wait_end_of_query: '1',
    limit: String(rowsMax + 1),
    max_block_size: String(rowsMax + 1),
    max_execution_time: String(limitMs / 1000),
    max_memory_usage: String(memoryBytesMax),
    output_format_json_quote_64bit_integers: '1',
    output_format_json_quote_denormals: '1',
    // Last: after it the engine takes no other setting, of the statement neither.
    readonly: '1',
  })

/** @throws Unanswered for what the page does not ask. */
const check = (statement: string): void => {
  if (statement.trim() === '') throw new Unanswered('Write a query first.')
  if (statement.length > statementCharsMax)
    throw new Unanswered(`The query is longer than ${statementCharsMax} characters.`)
  if (!reading.test(statement))
    throw new Unanswered('The page only reads: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN or EXISTS.')
  // The embedded engine would write the file in spite of `readonly`.
  if (/outfile/i.test(statement))
    throw new Unanswered('The page only reads: it does not take INTO OUTFILE.')
}

/** The server's own words, without codes and version. */
const wordsOf = (text: string): string =>
  text
    .trim()
    .replace(/^(?:Code: \d+\. DB::Exception: )+/, '')
    .replace(/\s*\(version [^)]*(?:\([^)]*\))?\)/g, '')
    .slice(0, errorCharsMax)

const timeoutCode = '159'

const refusalOf = (response: Response, text: string, limitMs: number): Unanswered => {
  const code =
    response.headers.get('x-clickhouse-exception-code') ?? /\bCode: (\d+)\./.exec(text)?.[1]
  if (code === timeoutCode)
    return new Unanswered(`The query ran for ${limitMs / 1000} s, which is the limit here.`)
  return new Unanswered(
    code === undefined
      ? `No ClickHouse answered there (HTTP ${response.status}).`
      : `ClickHouse says: ${wordsOf(text)}`,
  )
}

const readText = async (response: Response): Promise<string> => {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > answerBytesMax)
      throw new Unanswered(
        `The answer is larger than ${answerBytesMax / 1e6} MB. Ask for fewer columns or rows.`,
      )
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const cellOf = (value: unknown): string | null => {
  if (value === null || value === undefined) return null
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > cellCharsMax ? `${text.slice(0, cellCharsMax)}…` : text
}

interface Answer {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly (readonly unknown[])[]
}

const isAnswer = (value: unknown): value is Answer =>
  Array.isArray((value as Partial<Answer> | null)?.meta)

/** One document: two statements give two, another format gives something else. */
const readAnswer = (text: string): Answer => {
  if (text.trim() === '') return { meta: [], data: [] }
  const document = parse(text)
  if (isAnswer(document)) return document
  throw new Unanswered('Ask one statement at a time, without FORMAT: the page makes the table.')
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export const createQuestion = (
  { url, database, user, password }: Server,
  limitMs = queryMs,
): Ask => {
  const to = new URL(url)
  to.search = settingsOf(database, limitMs).toString()
  const headers = {
    ...(user || password ? { 'X-ClickHouse-User': user ?? 'default' } : {}),
    ...(password ? { 'X-ClickHouse-Key': password } : {}),
  }
  let running = 0
  const send = async (statement: string, signal: AbortSignal): Promise<string> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs + graceMs)])
    const body = statement.trim().replace(/;+$/, '')
    try {
      const response = await fetch(to, { method: 'POST', body, headers, signal: limit })
      const text = await readText(response)
      if (!response.ok) throw refusalOf(response, text, limitMs)
      return text
    } catch (error) {
      if (error instanceof Unanswered) throw error
      throw new Unanswered(
        limit.aborted
          ? `There was no answer within ${(limitMs + graceMs) / 1000} s.`
          : `ClickHouse does not answer at ${to.origin}.`,
        { cause: error },
      )
    }
  }
  return async (statement, signal) => {
    check(statement)
    if (running >= questionsMax)
      throw new Unanswered(`${questionsMax} queries are running. Wait for one of them.`)
    running += 1
    const startedAt = performance.now()
    try {
      const { meta, data } = readAnswer(await send(statement, signal))
      return {
        columns: meta.map(({ name, type }) => ({ name, type })),
        rows: data.slice(0, rowsMax).map((row) => row.map(cellOf)),
        isCut: data.length > rowsMax,
        ms: Math.round(performance.now() - startedAt),
      }
    } finally {
      running -= 1
    }
  }
}
