import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { quarantinePrefix, silverPrefix } from '../functions.ts'
import { mirror } from '../account/mirror.ts'
import type { Stack } from '../stack.ts'
import { ask, linesOf } from './engine-question.ts'

export const table = 'raw_events'

/** What the pipeline made of objects, each list sorted. */
export interface Arrived {
  /** Row identities and hashes of the records, in the table itself, as often as they are there. */
  readonly clickhouse: readonly string[]
  /** The same in the Parquet files. */
  readonly silver: readonly string[]
  /** Of rejected records: identity, reason and hash. */
  readonly quarantine: readonly string[]
}

/** All rows, without FINAL. */
const readRows = async (url: string, from: string): Promise<string[]> => {
  const columns = '_source, _version, _record, _part, event_hash'
  return linesOf(await ask(url, `SELECT ${columns} FROM ${from} FORMAT TSV`)).map((line) =>
    line.replaceAll('\t', ' '),
  )
}

/** By the engine's reader of Parquet, which is not the house's own. */
const readSilver = async (stack: Stack, url: string): Promise<string[]> => {
  const folder = `${silverPrefix}/${table}`
  const files = await mirror(stack, folder)
  if (files.length === 0) return []
  return readRows(url, `file('${join(stack.dir, folder)}/**/*.parquet', Parquet)`)
}

interface Rejected {
  readonly source: string
  readonly version: string
  readonly record: number
  readonly reason: string
  readonly raw: string
  readonly rawEncoding: 'utf8' | 'base64'
}

const readQuarantine = async (stack: Stack): Promise<string[]> => {
  const found: string[] = []
  for (const { path } of await mirror(stack, quarantinePrefix))
    for (const line of linesOf(await readFile(path, 'utf8'))) {
      const { source, version, record, reason, raw, rawEncoding } = JSON.parse(line) as Rejected
      const hash = createHash('sha256').update(Buffer.from(raw, rawEncoding)).digest('hex')
      found.push([source, version, record, reason, hash].join(' '))
    }
  return found
}

/** Reads everything that is there, at the places themselves. */
export const readArrived = async (stack: Stack, clickHouseUrl: string): Promise<Arrived> => {
  // A copy of an earlier reading would stand for a file that is gone.
  for (const prefix of [silverPrefix, quarantinePrefix])
    await rm(join(stack.dir, prefix), { recursive: true, force: true })
  return {
    clickhouse: (await readRows(clickHouseUrl, table)).sort(),
    silver: (await readSilver(stack, clickHouseUrl)).sort(),
    quarantine: (await readQuarantine(stack)).sort(),
  }
}

/** What came of the objects below one prefix; the prefix itself is left out. */
export const arrivedBelow = (arrived: Arrived, place: string): Arrived => {
  const below = (names: readonly string[]): string[] =>
    names.filter((name) => name.startsWith(place)).map((name) => name.slice(place.length))
  return {
    clickhouse: below(arrived.clickhouse),
    silver: below(arrived.silver),
    quarantine: below(arrived.quarantine),
  }
}
