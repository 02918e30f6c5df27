import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { statementsFile } from '../statements.ts'

/** As many statements as one likes out of a few thousand: each has an id of its own and, where asked, a day of its own. */
export interface MadeStatements {
  /** Without its line feed. */
  line(n: number): string
  /** Bytes of the statements 0 to `count`, line feeds included. */
  sizeOf(count: number): number
  /** Pieces of the statements `from` to `to`, a line each. */
  pieces(from: number, to: number): AsyncGenerator<Buffer>
}

const templatesMax = 20_000
const pieceLines = 512
const dayMs = 86_400_000
const firstDay = Date.UTC(2025, 0, 1)

/** DuckDB says the same: `md5(n::VARCHAR)`. */
const idOf = (n: number): string => hash('md5', String(n), 'hex')

/** A statement around its id and its day. */
interface Template {
  readonly begin: string
  readonly end: string
  readonly sizeBytes: number
}

const timestamp = /"timestamp":"(\d{4}-\d{2}-\d{2})/g

const templateOf = (line: string, keepsDay: boolean): Template => {
  const found = [...line.matchAll(timestamp)]
  const [time] = found
  const day = time?.[1]
  if (found.length !== 1 || day === undefined || 'id' in (JSON.parse(line) as object))
    throw new Error('statements of the benchmark have one timestamp and no id')
  const at = time?.[0] === undefined ? 0 : time.index + time[0].length - day.length
  return {
    begin: `",${line.slice(1, keepsDay ? at + day.length : at)}`,
    end: line.slice(at + day.length),
    sizeBytes: Buffer.byteLength(line) + `"id":"${idOf(0)}",`.length + 1,
  }
}

/** `days`: statements go over so many days from 2025 on, each on another than the last one; 1 leaves them theirs. */
export const makeStatements = async (days: number): Promise<MadeStatements> => {
  const text = await readFile(await statementsFile(templatesMax), 'utf8')
  const templates = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => templateOf(line, days === 1))
  const dates = Array.from({ length: days }, (_, n) =>
    days === 1 ? '' : new Date(firstDay + n * dayMs).toISOString().slice(0, 10),
  )
  const cycle = templates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

  const line = (n: number): string => {
    const { begin, end } = templates[n % templates.length] as Template
    return `{"id":"${idOf(n)}${begin}${dates[n % days]}${end}`
  }

  return {
    line,
    sizeOf: (count) =>
      Math.floor(count / templates.length) * cycle +
      templates
        .slice(0, count % templates.length)
        .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    pieces: async function* (from, to) {
      for (let at = from; at < to; at += pieceLines) {
        const count = Math.min(pieceLines, to - at)
        const lines = Array.from({ length: count }, (_, n) => line(at + n))
        yield Buffer.from(`${lines.join('\n')}\n`)
      }
    },
  }
}
