import { xapiEvents } from '@silversmith/datasets'
import { reportAtExit } from '../contestant.ts'
import { eventTypeSql, hostKeys, hostPattern, isVideoSql, uuidNamespace } from './computed-sql.ts'
import { uuidSql } from './computed-sql.ts'
import { type Leaf, selectAll, selectPlain, type Shape, shapeOf } from './extraction.ts'

const [, , input = '', output = '', variant] = process.argv

interface Chdb {
  queryAsync(statement: string, options: { readonly format: string }): Promise<unknown>
}

const types: Readonly<Record<Leaf, string>> = {
  ...{ text: 'String', json: 'String', uint32: 'UInt32', uint64: 'UInt64' },
  ...{ float64: 'Float64', boolean: 'Bool' },
}
const quoted = (key: string): string => `\`${key}\``
const typeOf = (shape: Shape | Leaf): string =>
  typeof shape === 'string'
    ? `Nullable(${types[shape]})`
    : `Tuple(${[...shape].map(([key, inner]) => `${quoted(key)} ${typeOf(inner)}`).join(', ')})`
const structureOf = (shape: Shape): string =>
  [...shape].map(([key, inner]) => `${quoted(key)} ${typeOf(inner)}`).join(', ')

const plainQuery = (): string =>
  `SELECT ${selectPlain((path) => path.map(quoted).join('.'))}
    FROM file('${input}', 'JSONEachRow', '${structureOf(shapeOf(true))}')`

const at = (...path: string[]): string => `s.${path.map(quoted).join('.')}`
const verb = at('verb', 'id')
const video = (value: string): string => `if(${isVideoSql(verb)}, ${value}, NULL)`
const answer = at('result', 'response')
const hints = at('context', 'extensions', 'http://oli.cmu.edu/extensions/hints_requested')
const hosts = hostKeys.map(
  (keys) => `nullIf(extract(lower(coalesce(${at(...keys)}, '')), '${hostPattern}'), '')`,
)

const wholeQuery = (): string => `
  SELECT ${selectAll({
    at: (path) => at(...path),
    computed: {
      event_id: `coalesce(nullIf(trim(${at('id')}), ''), ${uuidSql('sha1')})`,
      user_id: `coalesce(nullIf(${at('actor', 'account', 'name')}, ''), ${at('actor', 'mbox')}, '')`,
      host_name: `coalesce(${hosts.join(', ')}, '')`,
      timestamp: `assumeNotNull(parseDateTime64BestEffort(${at('timestamp')}, 6, 'UTC'))`,
      event_type: eventTypeSql(verb, at('object', 'definition', 'type')),
      video_url: video(at('object', 'id')),
      video_title: video(at('object', 'definition', 'name', 'en-US')),
      response: `coalesce(if(startsWith(${answer}, '{'), JSONExtract(assumeNotNull(${answer}), 'input', 'Nullable(String)'), NULL), ${answer})`,
      hints_requested: `if(startsWith(${hints}, '['), toUInt32(JSONLength(assumeNotNull(${hints}))), toUInt32OrNull(${hints}))`,
      event_hash: 'hash',
      _rescued: "CAST(NULL, 'Nullable(String)')",
      ...{ _source: `'s3://bench/input.jsonl'`, _version: `'etag'`, _chunk: `'batch#0'` },
      ...{ _record: 'n', _part: 'toUInt32(0)', _line: 'n + 1' },
      ...{ _generation: 'toUInt32(0)', _dataset_version: `toUInt32(${xapiEvents.version})` },
      ...{ _object_time: "now64(6, 'UTC')", _loaded_at: "now64(6, 'UTC')" },
    },
  })}
  FROM (
    SELECT n, hash, lower(hex(SHA1(concat(unhex('${uuidNamespace}'), hash)))) AS sha1,
      JSONExtract(line, 'Tuple(${structureOf(shapeOf(false))})') AS s
    FROM (
      SELECT line, rowNumberInAllBlocks() AS n, lower(hex(SHA256(line))) AS hash
      FROM file('${input}', 'LineAsString', 'line String')
    )
  )`

const settings = [
  ...['max_threads = 1', 'max_insert_threads = 1', 'input_format_parallel_parsing = 0'],
  ...['output_format_parquet_parallel_encoding = 0', 'engine_file_truncate_on_insert = 1'],
  "output_format_parquet_compression_method = 'snappy'",
]

reportAtExit()
// By a name the compiler does not follow: the package is optional.
const name: string = 'chdb'
const { queryAsync } = (await import(name)) as Chdb
const query = variant === 'plain' ? plainQuery() : wholeQuery()
await queryAsync(
  `INSERT INTO FUNCTION file('${output}', 'Parquet') ${query} SETTINGS ${settings.join(', ')}`,
  { format: 'CSV' },
)
