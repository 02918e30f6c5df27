import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { readParquet } from '@silversmith/parquet'
import { quarantinePrefix } from '../functions.ts'
import { mirror } from './mirror.ts'
import type { Stack } from '../stack.ts'

export interface QuarantineFigures {
  readonly files: number
  /** Rejected records. */
  readonly records: number
  /** Target → table → rows of chunks that the target refuses for ever (`silversmith batch reject`). */
  readonly refused: Readonly<Record<string, Readonly<Record<string, number>>>>
}

const newline = 0x0a

const countLines = async (path: string): Promise<number> => {
  let lines = 0
  for await (const bytes of createReadStream(path) as AsyncIterable<Buffer>)
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) lines++
  return lines
}

/** Table and target, by the key of a refused chunk's file. Whoever has loaded it since gives it another ending. */
const refusedKey = /([^/]+)\/reason=refused\/[^/]+\/([a-z]+)-[^/]+\.parquet(.*)$/

export const countQuarantine = async (stack: Stack): Promise<QuarantineFigures> => {
  const files = await mirror(stack, quarantinePrefix)
  const refused: Record<string, Record<string, number>> = {}
  let records = 0
  for (const { key, path } of files) {
    const [, table, target, ending] = refusedKey.exec(key) ?? []
    if (table === undefined || target === undefined) records += await countLines(path)
    else if (ending === '') {
      const tables = (refused[target] ??= {})
      const { length } = await readParquet(await readFile(path), ['_record'])
      tables[table] = (tables[table] ?? 0) + length
    }
  }
  return { files: files.length, records, refused }
}
