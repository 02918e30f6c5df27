/** A setting of another system, as its code has it. */
export interface TheirSetting {
  readonly name: string
  /** There. */
  readonly byDefault: string
  /** What to do; only where no function of ours knows the name. */
  readonly note?: string
}

const region = 'set by Lambda; the SDK reads it'
const idempotency = 'claims in the ledger never expire, and the Powertools table has its own TTL'

/** Heading in docs/coming-from.md → its settings. */
export const theirSettings: Readonly<Record<string, readonly TheirSetting[]>> = {
  'oli-torus: the xAPI ETL Lambda': [
    { name: 'CLICKHOUSE_URL', byDefault: 'none' },
    { name: 'CLICKHOUSE_HOST', byDefault: 'required without a URL' },
    { name: 'CLICKHOUSE_PORT', byDefault: '8443, 8123 for http' },
    { name: 'CLICKHOUSE_PATH', byDefault: 'none' },
    { name: 'CLICKHOUSE_PROTOCOL', byDefault: 'none' },
    { name: 'CLICKHOUSE_SECURE', byDefault: 'true in its README, http in its code' },
    { name: 'CLICKHOUSE_DATABASE', byDefault: 'required' },
    { name: 'CLICKHOUSE_TABLE', byDefault: 'required' },
    { name: 'CLICKHOUSE_INSERT_SQL', byDefault: 'none' },
    { name: 'CLICKHOUSE_INSERT_COLUMNS', byDefault: '42 columns' },
    { name: 'CLICKHOUSE_USER', byDefault: 'none' },
    { name: 'CLICKHOUSE_PASSWORD', byDefault: 'none' },
    { name: 'CLICKHOUSE_SETTINGS', byDefault: 'none' },
    { name: 'CLICKHOUSE_TIMEOUT_SECONDS', byDefault: '30' },
    { name: 'PARQUET_COMPRESSION', byDefault: 'snappy' },
    { name: 'MAX_S3_OBJECT_BYTES', byDefault: 'no limit' },
    { name: 'DRY_RUN', byDefault: 'false; acknowledges and so loses the messages' },
    { name: 'LOG_LEVEL', byDefault: 'INFO' },
    { name: 'S3_CONNECT_TIMEOUT_SECONDS', byDefault: '5' },
    { name: 'S3_READ_TIMEOUT_SECONDS', byDefault: '60' },
    { name: 'S3_MAX_ATTEMPTS', byDefault: '3' },
    { name: 'ITER_LOG_INTERVAL_SECONDS', byDefault: '5' },
    { name: 'FAILURE_DLQ_URL', byDefault: 'none' },
    { name: 'DIAG_S3_BUCKET', byDefault: 'none' },
    { name: 'DIAG_S3_PREFIX', byDefault: 'none' },
    { name: 'TARGET_ROWS_PER_INSERT', byDefault: '10,000 (later version)' },
    { name: 'MAX_ROWS_PER_INSERT', byDefault: '30,000 (later version)' },
    { name: 'MAX_PARQUET_BYTES_PER_INSERT', byDefault: '16 MiB (later version)' },
    { name: 'MIN_REMAINING_TIME_TO_START_INSERT_MS', byDefault: '15,000 (later version)' },
    { name: 'LAMBDA_TIMEOUT_SAFETY_MARGIN_MS', byDefault: '5,000 (later version)' },
    { name: 'MAX_MESSAGES_PER_INVOCATION_TO_PROCESS', byDefault: 'none (later version)' },
  ],
  'oli-torus: the unified event and bulk Lambda': [
    { name: 'CLICKHOUSE_SCHEME', byDefault: 'http; read and not used' },
    { name: 'CLICKHOUSE_HOST', byDefault: 'localhost' },
    { name: 'CLICKHOUSE_PORT', byDefault: '8123; 9000 in its README' },
    { name: 'CLICKHOUSE_USER', byDefault: 'default' },
    { name: 'CLICKHOUSE_USERNAME', byDefault: 'in its README only' },
    { name: 'CLICKHOUSE_PASSWORD', byDefault: 'clickhouse' },
    { name: 'CLICKHOUSE_DATABASE', byDefault: 'oli_analytics_dev' },
    { name: 'S3_XAPI_BUCKET_NAME', byDefault: 'none' },
    { name: 'ENVIRONMENT', byDefault: 'dev' },
    { name: 'AWS_REGION', byDefault: 'us-east-1', note: region },
  ],
  'SQS to Databricks Zerobus': [
    { name: 'ZEROBUS_ENDPOINT', byDefault: 'required', note: 'there is no such target: see below' },
    { name: 'DATABRICKS_HOST', byDefault: 'required', note: 'the same' },
    { name: 'DATABRICKS_CLIENT_ID', byDefault: 'required', note: 'the same' },
    { name: 'DATABRICKS_CLIENT_SECRET', byDefault: 'required', note: 'the same' },
    {
      ...{ name: 'TABLE_NAME', byDefault: 'required' },
      note: 'the table is `sqs_messages`; in Unity Catalog its name is yours',
    },
    { name: 'AWS_REGION', byDefault: 'in its README; not read', note: region },
  ],
  'Bronze to silver ELT in Python': [
    { name: 'QUEUE_URL', byDefault: 'required' },
    { name: 'IDEMPOTENCY_TABLE', byDefault: 'required' },
    {
      ...{ name: 'LOCK_SECONDS', byDefault: '900' },
      note: 'a batch has a lease as long as its invocation; what is safe does not rest on it',
    },
    { name: 'LOG_LEVEL', byDefault: 'INFO' },
    { name: 'SILVER_BUCKET', byDefault: 'required' },
    { name: 'SILVER_PREFIX', byDefault: 'silver' },
    {
      ...{ name: 'MAX_RECORDS_PER_FILE', byDefault: '5000' },
      note: '`MAX_ROWS_PER_INSERT` caps the rows of a chunk, and so of a file of silver',
    },
  ],
  'The data aggregator with NiFi': [
    { name: 'IDEMPOTENCY_TABLE_NAME', byDefault: 'required' },
    { name: 'IDEMPOTENCY_TTL_DAYS', byDefault: '7', note: idempotency },
    { name: 'DYNAMODB_TTL_ATTRIBUTE', byDefault: 'ttl', note: idempotency },
    {
      name: 'ARCHIVE_BUCKET_NAME',
      byDefault: 'required',
      note: 'there is no bundle to archive yet: see below',
    },
    {
      name: 'NIFI_ENDPOINT_URL',
      byDefault: 'required',
      note: 'there is no HTTP target yet: see below',
    },
    { name: 'NIFI_SECRET_ARN', byDefault: 'required', note: 'the same' },
    {
      name: 'NIFI_CONNECT_TIMEOUT_SECONDS',
      byDefault: '5',
      note: 'the same; for ClickHouse `CLICKHOUSE_CONNECT_TIMEOUT_SECONDS`',
    },
    {
      ...{ name: 'CIRCUIT_BREAKER_TABLE_NAME', byDefault: 'required' },
      note: 'the breaker of each target is an item of the ledger, `LEDGER_TABLE_NAME`',
    },
    { name: 'CIRCUIT_BREAKER_FAILURE_THRESHOLD', byDefault: '3' },
    { name: 'CIRCUIT_BREAKER_OPEN_SECONDS', byDefault: '300' },
  ],
}
