import {
  Fault,
  type HeldObject,
  isFault,
  type KeyRange,
  objectUri,
  type Predecessor,
} from '@silversmith/core'
import type { Connection } from './connection.ts'
import { createConnection } from './connection.ts'
import { qualify } from './name.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface ClickHousePredecessorOptions {
  readonly settings: ClickHouseSettings
  /** Name of the table, in the database of the settings unless it says `database.table`. */
  readonly table: string
}

/** All rows are read for one question, and nobody waits for it but a person. */
const questionTimeoutMs = 1_800_000

/**
 * A table that says of each row `source_file` (`s3://bucket/key`), `source_etag` and `source_line`, as oli-torus' xAPI ETL does.
 * Rows are counted by their line: what was inserted twice is one. Needs SELECT on these columns. `close` ends idle connections.
 *
 * Faults of questions; TARGET_MISCONFIGURED for a table that is not there or has no such columns.
 */
export const createClickHousePredecessor = ({
  settings,
  table,
}: ClickHousePredecessorOptions): Predecessor & { close(): Promise<void> } => {
  const [database, name] = table.includes('.')
    ? [table.slice(0, table.indexOf('.')), table.slice(table.indexOf('.') + 1)]
    : [settings.database, table]
  const place = qualify(database, name)
  const connection = createConnection(settings, { questionTimeoutMs })
  const ask: Connection['query'] = async (question, signal) => {
    try {
      return await connection.query(question, signal)
    } catch (error) {
      if (!isFault(error, 'TARGET_MISCONFIGURED')) throw error
      throw new Fault(
        'TARGET_MISCONFIGURED',
        `${database}.${name} is not there, or has no source_file, source_etag or source_line: name the table of the other system`,
        { cause: error },
      )
    }
  }
  return {
    name: `${database}.${name}`,
    list: async (range, from, limit, signal) => {
      const found = await ask<Readonly<Record<'f' | 'e' | 'lines' | 'last', string>>>(
        {
          statement:
            'SELECT source_file AS f, source_etag AS e, toString(uniqExact(source_line)) AS lines, ' +
            `toString(ifNull(max(source_line), 0)) AS last FROM ${place} ` +
            `WHERE ${conditionOf(range, from)} GROUP BY f, e ORDER BY f, e LIMIT ${limit}`,
          parameters: parametersOf(range, from),
          what: `asking ${database}.${name} which objects it holds`,
        },
        signal,
      )
      const start = objectUri({ bucket: range.bucket, key: '' }).length
      return found.map(({ f, e, lines, last }): HeldObject => ({
        ...{ key: f.slice(start), etag: e, lines: Number(lines), lastLine: Number(last) },
      }))
    },
    countUnknown: async (signal) => {
      const [found] = await ask<{ rows: string }>(
        {
          statement: `SELECT toString(countIf(ifNull(source_file, '') = '' OR ifNull(source_etag, '') = '')) AS rows FROM ${place}`,
          what: `counting the rows of ${database}.${name} that do not say of which object they are`,
        },
        signal,
      )
      return Number(found?.rows ?? 0)
    },
    close: () => connection.close(),
  }
}

type Place = Pick<HeldObject, 'key' | 'etag'> | undefined

/** Texts are compared by their bytes, as S3 lists keys. */
const conditionOf = ({ after, upTo }: KeyRange, from: Place): string =>
  [
    "startsWith(source_file, {start:String}) AND source_etag != ''",
    ...(after === undefined ? [] : ['source_file > {after:String}']),
    ...(upTo === undefined ? [] : ['source_file <= {upTo:String}']),
    ...(from ? ['(source_file, source_etag) > ({file:String}, {etag:String})'] : []),
  ].join(' AND ')

const parametersOf = ({ bucket, prefix, after, upTo }: KeyRange, from: Place) => {
  const uriOf = (key: string): string => objectUri({ bucket, key })
  return {
    start: uriOf(prefix),
    ...(after !== undefined && { after: uriOf(after) }),
    ...(upTo !== undefined && { upTo: uriOf(upTo) }),
    ...(from && { file: uriOf(from.key), etag: from.etag }),
  }
}
