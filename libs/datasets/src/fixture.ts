import { hash } from 'node:crypto'
import type { Dataset, Mapped, Rejection, StructValue, TableRow, Value } from '@silversmith/core'

/** What a dataset makes of a file of lines, as people read it. */
export interface FixtureOutcome {
  readonly rows: readonly object[]
  readonly rejected: readonly ({ readonly line: number } & Rejection)[]
}

interface Line {
  /** From 1 on. */
  readonly line: number
  readonly bytes: Buffer
}

/** Lines that are not blank, as the reader finds them. */
const linesOf = (file: Buffer): readonly Line[] => {
  // As Latin-1, so that every byte is kept.
  const text = file.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '')
  return text
    .split('\n')
    .map((line, at) => ({ line: at + 1, bytes: Buffer.from(line.replace(/\r$/, ''), 'latin1') }))
    .filter(({ bytes }) => /[^ \t\r]/.test(bytes.toString('latin1')))
}

/** Last-Modified of the objects that lines of fixtures are of. */
const objectTimeMicros = Date.UTC(2026, 1, 1) * 1_000

const mapLine = (dataset: Dataset, bytes: Buffer): Mapped => {
  const text = bytes.toString()
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return { rejection: { reason: 'invalid_json' } }
  }
  return dataset.map(record, { hash: hash('sha256', bytes, 'hex'), text, objectTimeMicros })
}

/** Rows and rejections of a file of plain lines: columns that are null are left out, and the name of the first table. */
export const mapFixture = (dataset: Dataset, file: Buffer): FixtureOutcome => {
  const rows: object[] = []
  const rejected: ({ readonly line: number } & Rejection)[] = []
  for (const { line, bytes } of linesOf(file)) {
    const mapped = mapLine(dataset, bytes)
    if ('discarded' in mapped) throw new TypeError('No dataset here discards.')
    if ('rejection' in mapped) rejected.push({ line, ...mapped.rejection })
    else rows.push(...mapped.rows.map((row) => ({ line, ...describeRow(dataset, row) })))
  }
  return { rows, rejected }
}

const describeRow = (dataset: Dataset, { table, timeMicros, values }: TableRow): object => {
  const columns = dataset.tables.find(({ name }) => name === table)?.columns ?? []
  const named = columns.map(({ name }, at) => [name, plain(values[at] as Value)] as const)
  const row = Object.fromEntries(named.filter(([, value]) => value !== null))
  if (values.length !== columns.length || row['timestamp'] !== timeMicros)
    throw new TypeError(`A row of ${table} has not its columns, or another time than they say.`)
  return { ...(table === dataset.tables[0]?.name ? {} : { table }), ...row }
}

/** JSON has no bigint, no bytes and no map. */
const plain = (value: Value): unknown => {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `base64:${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries: readonly (readonly [string, Value])[] =
    value instanceof Map ? [...value] : Object.entries(value as StructValue)
  return Object.fromEntries(entries.map(([key, one]) => [key, plain(one)]))
}

/** Text of a file beside the lines: their rows, or what was rejected of them. */
export const writeOutcome = (outcome: readonly object[]): string =>
  `${JSON.stringify(outcome, null, 2)}\n`
