import { DuckDBConnection } from '@duckdb/node-api'

/** An object and the statements it was made of. */
export interface LoadedObject {
  /** As `_source` says it. */
  readonly source: string
  readonly version: string
  readonly statements: number
}

/**
 * What is wrong with the rows of Parquet files, one line each: every statement must be one row with its id, its source, its
 * version and its ordinal there, and there must be no other row.
 *
 * @param files a path with wildcards
 */
export const findWrongRows = async (
  files: string,
  objects: readonly LoadedObject[],
): Promise<readonly string[]> => {
  const connection = await DuckDBConnection.create()
  try {
    await connection.run(
      'CREATE TABLE loaded (source VARCHAR, version VARCHAR, first_n BIGINT, statements BIGINT)',
    )
    const appender = await connection.createAppender('loaded')
    let first = 0n
    for (const { source, version, statements } of objects) {
      appender.appendVarchar(source)
      appender.appendVarchar(version)
      appender.appendBigInt(first)
      appender.appendBigInt(BigInt(statements))
      appender.endRow()
      first += BigInt(statements)
    }
    appender.closeSync()
    await connection.run(`CREATE VIEW expected AS
      SELECT source, version, record::BIGINT AS record, 0::BIGINT AS part, md5((first_n + record)::VARCHAR) AS event_id
      FROM (SELECT *, unnest(range(statements)) AS record FROM loaded)`)
    await connection.run(`CREATE VIEW found AS
      SELECT _source AS source, _version AS version, _record::BIGINT AS record, _part::BIGINT AS part, event_id
      FROM read_parquet('${files}', hive_partitioning = false)`)
    const count = async (query: string): Promise<number> =>
      Number((await connection.runAndReadAll(`SELECT count(*) FROM (${query})`)).getRows()[0]?.[0])
    const missing = await count('FROM expected EXCEPT ALL FROM found')
    const strange = await count('FROM found EXCEPT ALL FROM expected')
    return [
      ...(missing > 0 ? [`${missing} rows are missing`] : []),
      ...(strange > 0 ? [`${strange} rows are there that should not be`] : []),
    ]
  } finally {
    connection.closeSync()
  }
}
