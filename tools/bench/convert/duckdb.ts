import { DuckDBConnection } from '@duckdb/node-api'
import { xapiEvents } from '@silversmith/datasets'
import { reportAtExit } from '../contestant.ts'
import { eventTypeSql, hostKeys, hostPattern, isVideoSql, uuidNamespace } from './computed-sql.ts'
import { uuidSql } from './computed-sql.ts'
import { type Leaf, selectAll, selectPlain, type Shape, shapeOf } from './extraction.ts'

const [, , input = '', output = '', variant] = process.argv
const lineBytesMax = 16 * 1024 * 1024

const types: Readonly<Record<Leaf, string>> = {
  ...{ text: 'VARCHAR', json: 'JSON', uint32: 'UINTEGER', uint64: 'UBIGINT' },
  ...{ float64: 'DOUBLE', boolean: 'BOOLEAN' },
}
const typeOf = (shape: Shape | Leaf): string =>
  typeof shape === 'string'
    ? types[shape]
    : `STRUCT(${[...shape].map(([key, inner]) => `"${key}" ${typeOf(inner)}`).join(', ')})`
const structureOf = (shape: Shape): object =>
  Object.fromEntries(
    [...shape].map(([key, inner]) => [
      key,
      typeof inner === 'string' ? types[inner] : structureOf(inner),
    ]),
  )

const into = (root: string, path: readonly string[]): string =>
  path.reduce((value, key) => `${value}['${key}']`, root)

/** One pass over the JSON: DuckDB reads it straight into the columns of the shape. */
const plainQuery = (): string => {
  const columns = [...shapeOf(true)].map(([key, inner]) => `"${key}": '${typeOf(inner)}'`)
  return `SELECT ${selectPlain(([first = '', ...rest]) => into(`"${first}"`, rest))}
    FROM read_json('${input}', format = 'newline_delimited', columns = {${columns.join(', ')}})`
}

const at = (...path: string[]): string => into('s', path)
const verb = at('verb', 'id')
const video = (value: string): string => `CASE WHEN ${isVideoSql(verb)} THEN ${value} END`
const answer = at('result', 'response')
const hints = at('context', 'extensions', 'http://oli.cmu.edu/extensions/hints_requested')
const hosts = hostKeys.map(
  (keys) => `nullif(regexp_extract(lower(${at(...keys)}), '${hostPattern}', 1), '')`,
)

/** Also one pass, over raw lines, for their hash is asked for. */
const wholeQuery = (): string => `
  WITH lines AS (
    SELECT line, row_number() OVER () - 1 AS n, sha256(line) AS hash
    FROM read_csv('${input}', columns = {'line': 'VARCHAR'}, header = false, auto_detect = false, delim = '\\x01',
      quote = '', escape = '', max_line_size = ${lineBytesMax})
  ), parsed AS (
    SELECT n, hash, sha1(unhex('${uuidNamespace}') || hash::BLOB) AS sha1,
      from_json(line, '${JSON.stringify(structureOf(shapeOf(false)))}') AS s
    FROM lines
  )
  SELECT ${selectAll({
    at: (path) => at(...path),
    computed: {
      event_id: `coalesce(nullif(trim(s['id']), ''), ${uuidSql('sha1')})`,
      user_id: `coalesce(nullif(${at('actor', 'account', 'name')}, ''), ${at('actor', 'mbox')}, '')`,
      host_name: `coalesce(${hosts.join(', ')}, '')`,
      timestamp: `s['timestamp']::TIMESTAMPTZ`,
      event_type: eventTypeSql(verb, at('object', 'definition', 'type')),
      video_url: video(at('object', 'id')),
      video_title: video(at('object', 'definition', 'name', 'en-US')),
      response: `coalesce(${answer}->>'input', ${answer}->>'$')`,
      hints_requested: `CASE json_type(${hints}) WHEN 'ARRAY' THEN json_array_length(${hints})
        ELSE try_cast(${hints} AS UINTEGER) END::UINTEGER`,
      event_hash: 'hash',
      _rescued: 'NULL::VARCHAR',
      ...{ _source: `'s3://bench/input.jsonl'`, _version: `'etag'`, _chunk: `'batch#0'` },
      ...{ _record: 'n::UBIGINT', _part: '0::UINTEGER', _line: '(n + 1)::UBIGINT' },
      ...{ _generation: '0::UINTEGER', _dataset_version: `${xapiEvents.version}::UINTEGER` },
      ...{ _object_time: 'now()', _loaded_at: 'now()' },
    },
  })}
  FROM parsed`

reportAtExit()
const connection = await DuckDBConnection.create()
await connection.run('SET threads = 1')
await connection.run('SET preserve_insertion_order = true')
const query = variant === 'plain' ? plainQuery() : wholeQuery()
await connection.run(`COPY (${query}) TO '${output}' (FORMAT PARQUET, COMPRESSION SNAPPY)`)
