/**
 * Version of the pinned settings below. They decide how a body becomes blocks, and so what a token stands for:
 * a change of any of them is a new layout, to be rolled out with no sealed batch waiting.
 */
export const insertLayout = 1

/**
 * Settings of every INSERT, over whatever the server or its profiles say. Measured on 26.7: with the server's defaults a
 * Parquet INSERT retried with the same token lost or doubled rows in half of the trials; with these in none.
 */
const pinned = {
  async_insert: '0',
  insert_deduplicate: '1',
  deduplicate_insert: 'enable',
  deduplicate_blocks_in_dependent_materialized_views: '1',
  materialized_views_ignore_errors: '0',
  // One INSERT is one block, whatever its rows and bytes.
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '0',
  input_format_parquet_preserve_order: '1',
  input_format_parallel_parsing: '0',
  max_insert_threads: '1',
  max_threads: '1',
  // Every row of the body is a row of the table: nothing collapsed, nothing filled in.
  optimize_on_insert: '0',
  input_format_null_as_default: '0',
  input_format_parquet_allow_missing_columns: '0',
  // A sealed batch must never meet a refusal that no retry can pass.
  throw_on_max_partitions_per_insert_block: '0',
  timeout_overflow_mode: 'throw',
  // The whole answer is decided before its first byte, and its header block stays small.
  wait_end_of_query: '1',
  send_progress_in_http_headers: '0',
} as const

/** Names that older servers do not know and that are not needed there. */
const omittable: readonly string[] = ['deduplicate_insert', 'materialized_views_ignore_errors']

/** Not in `system.settings`: parameters of the HTTP interface. */
const httpOnly: readonly string[] = ['wait_end_of_query']

/** Set for each INSERT by its own values. */
const perInsert = [
  'insert_deduplication_token',
  'max_execution_time',
  'query_id',
  'log_comment',
] as const

/** Parameters that say what is run, as whom, where and how it is sent; never a user's setting. */
const reserved: readonly string[] = [
  'query',
  'database',
  'user',
  'password',
  'quota_key',
  'role',
  'session_id',
  'session_timeout',
  'session_check',
  'default_format',
  'compress',
  'decompress',
  'enable_http_compression',
  'buffer_size',
  'client_protocol_version',
  'stacktrace',
  'async_insert_deduplicate',
  'wait_for_async_insert',
  'deduplicate_insert_select',
  'insert_quorum_timeout',
  'readonly',
  'max_insert_block_size',
  'min_insert_block_size_rows_for_materialized_views',
  'min_insert_block_size_bytes_for_materialized_views',
  'use_strict_insert_block_limits',
  'input_format_parquet_max_block_size',
  'input_format_parquet_prefer_block_bytes',
  'input_format_skip_unknown_fields',
  'input_format_defaults_for_omitted_fields',
]

/** Why a name cannot be a user's setting; undefined when it can. */
export const collisionOf = (name: string): string | undefined => {
  if (name in pinned || perInsert.some((own) => own === name))
    return 'exactly-once delivery rests on the value pinned for it'
  if (reserved.includes(name) || name.startsWith('param_'))
    return 'it would change what is run or how the data is read'
  return undefined
}

/** Names of pinned settings a server should be asked about: `SELECT name FROM system.settings`. */
export const layoutSettings: readonly string[] = [
  ...Object.keys(pinned).filter((name) => !httpOnly.includes(name)),
  'insert_deduplication_token',
]

/** Names among `layoutSettings` that a server lacks and that cannot be done without. */
export const missingSettings = (known: ReadonlySet<string>): readonly string[] =>
  layoutSettings.filter((name) => !known.has(name) && !omittable.includes(name))

/** Pinned settings for a server that knows these names. */
export const pinnedSettings = (known: ReadonlySet<string>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(pinned).filter(([name]) => known.has(name) || !omittable.includes(name)),
  )
