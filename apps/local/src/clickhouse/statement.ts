/** Parameters of ClickHouse's HTTP interface that are not settings. */
const interfaceParameters: ReadonlySet<string> = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'user',
  'password',
  'quota_key',
  'role',
  'session_id',
  'session_timeout',
  'session_check',
  'wait_end_of_query',
  'buffer_size',
  'compress',
  'decompress',
  'enable_http_compression',
  'client_protocol_version',
  'stacktrace',
])

export const quoteText = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** `SET` and `USE` statements that give a fresh session what the URL asks for. */
export const preparationsOf = (parameters: URLSearchParams): readonly string[] => {
  const database = parameters.get('database')
  const sets = [...parameters]
    .filter(([name]) => !interfaceParameters.has(name) && /^\w+$/.test(name))
    .map(([name, value]) => `SET ${name} = ${quoteText(value)}`)
  return database ? [`USE \`${database.replaceAll('`', '\\`')}\``, ...sets] : sets
}

export interface DataInsert {
  /** `INSERT INTO table (columns)` */
  readonly head: string
  /** `name = value, …` of its own SETTINGS clause, or empty. */
  readonly settings: string
  readonly format: string
}

/** Takes `INSERT INTO … [SETTINGS …] FORMAT name` apart; undefined for any other statement. */
export const readDataInsert = (statement: string): DataInsert | undefined => {
  const [, head, settings, format] =
    /^\s*(INSERT\s+INTO\s+.+?)(?:\s+SETTINGS\s+(.+?))?\s+FORMAT\s+(\w+)\s*;?\s*$/is.exec(
      statement,
    ) ?? []
  if (!head || !format || format.toLowerCase() === 'values') return undefined
  return { head, settings: settings ?? '', format }
}

/**
 * The same INSERT, reading its rows from a file: the engine as a library takes no binary data with a statement.
 * SETTINGS must follow the file.
 */
export const insertFromFile = ({ head, settings, format }: DataInsert, path: string): string =>
  `${head} FROM INFILE ${quoteText(path)}${settings ? ` SETTINGS ${settings}` : ''} FORMAT ${format}`
