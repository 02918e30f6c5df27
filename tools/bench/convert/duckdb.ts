import { DuckDBConnection } from '@duckdb/node-api'
import { report } from '../contestant.ts'
import { extractions } from './extraction.ts'

const [, , input = '', output = '', variant] = process.argv
const isPlain = variant === 'plain'

const types: Readonly<Record<string, string>> = {
  ...{ text: 'VARCHAR', category: 'VARCHAR', json: 'JSON', uint32: 'UINTEGER', uint64: 'UBIGINT' },
  ...{ float64: 'DOUBLE', boolean: 'BOOLEAN' },
}

type Tree = Map<string, Tree | string>

/** Shape of the statements, as far as columns are taken from them. */
const shape: Tree = new Map()
const put = (path: readonly string[], type: string): void => {
  let tree = shape
  for (const key of path.slice(0, -1)) {
    const inner = tree.get(key)
    const next: Tree = inner instanceof Map ? inner : new Map()
    tree.set(key, next)
    tree = next
  }
  const last = path.at(-1) ?? ''
  if (!(tree.get(last) instanceof Map)) tree.set(last, type)
}

const found = extractions(isPlain)
for (const { column, paths } of found)
  for (const path of paths) put(path, types[String(column.type)] ?? 'VARCHAR')
if (!isPlain) {
  put(['timestamp'], 'VARCHAR')
  put(['actor', 'account', 'name'], 'VARCHAR')
  put(['actor', 'account', 'homePage'], 'VARCHAR')
  put(['actor', 'mbox'], 'VARCHAR')
  put(['object', 'id'], 'VARCHAR')
  put(['object', 'definition', 'type'], 'VARCHAR')
  put(['object', 'definition', 'name'], 'JSON')
  put(['verb', 'id'], 'VARCHAR')
  put(['result', 'response'], 'JSON')
  put(['context', 'extensions', 'http://oli.cmu.edu/extensions/host_name'], 'VARCHAR')
}

const typeOf = (tree: Tree | string): string =>
  tree instanceof Map
    ? `STRUCT(${[...tree].map(([key, inner]) => `"${key}" ${typeOf(inner)}`).join(', ')})`
    : tree
const fieldAt = (path: readonly string[], root: string): string =>
  path.reduce((value, key) => `${value}['${key}']`, root)

const connection = await DuckDBConnection.create()
await connection.run('SET threads = 1')
await connection.run('SET preserve_insertion_order = true')

const selected = (root: (key: string) => string): string =>
  found
    .map(({ column, paths }) => {
      const values = paths.map(([first = '', ...rest]) => fieldAt(rest, root(first)))
      const value = values.length === 1 ? values[0] : `coalesce(${values.join(', ')})`
      return `${value} AS "${column.name}"`
    })
    .join(',\n')

/** One pass over the JSON: DuckDB reads it straight into the columns of the shape. */
const plainQuery = (): string => {
  const columns = [...shape].map(([key, inner]) => `"${key}": '${typeOf(inner)}'`).join(', ')
  return `SELECT ${selected((key) => `"${key}"`)}
    FROM read_json('${input}', format = 'newline_delimited', columns = {${columns}})`
}

/** Also one pass, from the raw line, for its hash is asked for. */
const wholeQuery = (): string => `
  WITH lines AS (
    SELECT line, row_number() OVER () - 1 AS n
    FROM read_csv('${input}', columns = {'line': 'VARCHAR'}, header = false, auto_detect = false, delim = '\\x01',
      quote = '', escape = '', max_line_size = 16777216)
  ), parsed AS (SELECT line, n, from_json(line, '${writeShape(shape)}') AS s FROM lines)
  SELECT uuid()::VARCHAR AS event_id,
    coalesce(s['actor']['account']['name'], s['actor']['mbox'], '') AS user_id,
    coalesce(s['context']['extensions']['http://oli.cmu.edu/extensions/host_name'],
      regexp_extract(s['actor']['account']['homePage'], '^(?:[a-z]+://)?([^/?#]+)', 1)) AS host_name,
    s['timestamp']::TIMESTAMPTZ AS "timestamp",
    CASE
      WHEN s['verb']['id'] LIKE '%/video/verbs/%' THEN 'video'
      WHEN s['object']['definition']['type'] LIKE '%activity_attempt' THEN 'activity_attempt'
      WHEN s['object']['definition']['type'] LIKE '%page_attempt' THEN 'page_attempt'
      WHEN s['object']['definition']['type'] LIKE '%question' THEN 'part_attempt'
      WHEN s['object']['definition']['type'] LIKE '%types/page' THEN 'page_viewed'
      ELSE 'tutor_message' END AS event_type,
    CASE WHEN event_type = 'video' THEN s['object']['id'] END AS video_url,
    CASE WHEN event_type = 'video' THEN s['object']['definition']['name']->>'en-US' END AS video_title,
    coalesce(s['result']['response']->>'input', s['result']['response']::VARCHAR) AS response,
    sha256(line) AS event_hash,
    ${selected((key) => `s['${key}']`)},
    's3://bench/input.jsonl' AS _source, 'etag' AS _version, n::UBIGINT AS _record, 0::UINTEGER AS _part,
    (n + 1)::UBIGINT AS _line, 'batch#0' AS _chunk, 0::UINTEGER AS _generation, now() AS _object_time,
    now() AS _loaded_at, 1::UINTEGER AS _dataset_version
  FROM parsed`

const writeShape = (tree: Tree): string =>
  JSON.stringify(
    Object.fromEntries(
      [...tree].map(([key, inner]) => [
        key,
        inner instanceof Map ? (JSON.parse(writeShape(inner)) as unknown) : inner,
      ]),
    ),
  )

await connection.run(
  `COPY (${isPlain ? plainQuery() : wholeQuery()}) TO '${output}' (FORMAT PARQUET, COMPRESSION SNAPPY)`,
)
const counted = await connection.runAndReadAll(`SELECT count(*) FROM parquet_metadata('${output}')`)
if (counted.getRows().length === 0) throw new Error('no file was written')
const rows = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM '${output}'`)
report(Number(rows.getRows()[0]?.[0]))
