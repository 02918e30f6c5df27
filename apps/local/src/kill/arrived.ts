import { rowIdentity } from '@silversmith/core'
import { readParquet } from '@silversmith/parquet'
import { readFile } from 'node:fs/promises'
import { quarantinePrefix, silverPrefix } from '../functions.ts'
import { mirror } from '../mirror.ts'
import type { Stack } from '../stack.ts'
import { ask, linesOf } from './engine-question.ts'

export const table = 'raw_events'

/** What the pipeline made of the objects below one prefix, each list sorted; the prefix itself is left out. */
export interface Arrived {
  /** Row identities in the table itself, as often as they are there. */
  readonly clickhouse: readonly string[]
  /** Row identities in the Parquet files. */
  readonly silver: readonly string[]
  /** Identities and reasons of rejected records. */
  readonly quarantine: readonly string[]
}

const readClickHouse = async (url: string, place: string): Promise<string[]> => {
  const statement = `SELECT substring(_source, length('${place}') + 1), _version, _record, _part
    FROM ${table} WHERE startsWith(_source, '${place}') FORMAT TSV`
  return linesOf(await ask(url, statement)).map((line) => line.replaceAll('\t', ' '))
}

/** `fields` begin with the source. Undefined: of another place. */
const identify = (place: string, [source, ...fields]: readonly unknown[]): string | undefined =>
  String(source).startsWith(place)
    ? [String(source).slice(place.length), ...fields].join(' ')
    : undefined

const readSilver = async (stack: Stack, place: string): Promise<string[]> => {
  const found: (string | undefined)[] = []
  for (const { path } of await mirror(stack, silverPrefix))
    for (const row of await readParquet(await readFile(path), rowIdentity))
      found.push(
        identify(
          place,
          rowIdentity.map((name) => row[name]),
        ),
      )
  return found.filter((one) => one !== undefined)
}

const readQuarantine = async (stack: Stack, place: string): Promise<string[]> => {
  const found: (string | undefined)[] = []
  for (const { path } of await mirror(stack, quarantinePrefix))
    for (const line of linesOf(await readFile(path, 'utf8'))) {
      const { source, version, record, reason } = JSON.parse(line) as Record<string, unknown>
      found.push(identify(place, [source, version, record, reason]))
    }
  return found.filter((one) => one !== undefined)
}

/** Reads what is there, at the places themselves. */
export const readArrived = async (
  stack: Stack,
  clickHouseUrl: string,
  prefix: string,
): Promise<Arrived> => {
  const place = `s3://${stack.resources.bronzeBucket}/${prefix}/`
  return {
    clickhouse: (await readClickHouse(clickHouseUrl, place)).sort(),
    silver: (await readSilver(stack, place)).sort(),
    quarantine: (await readQuarantine(stack, place)).sort(),
  }
}
