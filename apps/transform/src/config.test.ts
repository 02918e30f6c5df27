import { describe, expect, test } from 'vitest'
import { parseConfig } from './config.ts'

const silverOnly = { LEDGER_TABLE_NAME: 'ledger', SILVER_BUCKET: 'silver', TARGETS: 'silver' }

describe('the settings of transform', () => {
  test('need nothing of ClickHouse where it is no target', () => {
    expect(parseConfig(silverOnly)).toMatchObject({
      targets: ['silver'],
      clickHouse: undefined,
      silverPrefix: 'silver',
      quarantinePrefix: 'quarantine',
      compression: 'snappy',
      marginMs: 5_000,
      leaseMarginMs: 60_000,
    })
  })

  test('name the queues whose messages are data, and keep receipt handles out unless asked', () => {
    const urls = [
      'https://sqs.eu-west-1.amazonaws.com/1/a',
      'https://sqs.eu-west-1.amazonaws.com/1/b',
    ]
    const set = { ...silverOnly, MESSAGES_QUEUE_URL: urls.join(','), STORE_RECEIPT_HANDLE: 'true' }
    expect(parseConfig(silverOnly)).toMatchObject({
      ...{ messagesQueueUrls: [], storeReceiptHandle: false },
    })
    expect(parseConfig(set)).toMatchObject({ messagesQueueUrls: urls, storeReceiptHandle: true })
    expect(() => parseConfig({ ...silverOnly, MESSAGES_QUEUE_URL: 'orders' })).toThrow(
      /MESSAGES_QUEUE_URL .* http or https URL/,
    )
  })

  test('leave the time that recording the end of a batch takes', () => {
    const parse = (ms: string) =>
      parseConfig({ ...silverOnly, LAMBDA_TIMEOUT_SAFETY_MARGIN_MS: ms }).marginMs
    expect(() => parse('0')).toThrow(/from 5000 to 300000: recording the end .* takes up to 4 s/)
    expect(() => parse('4999')).toThrow(/SAFETY_MARGIN_MS/)
    expect(parse('5000')).toBe(5_000)
  })

  test('become the limits of the flow', () => {
    const { limits } = parseConfig({
      ...silverOnly,
      MAX_S3_OBJECT_BYTES: '1GiB',
      MAX_RECORD_BYTES: '1MiB',
      MAX_DECOMPRESSED_BYTES: '4GiB',
      MAX_ROWS_PER_INSERT: '1000',
      MAX_CHUNK_BYTES: '8MiB',
    })
    expect(limits).toMatchObject({
      objectBytesMax: 2 ** 30,
      recordBytesMax: 2 ** 20,
      decompressedBytesMax: 2 ** 32,
      chunkRowsMax: 1_000,
      chunkBytesMax: 2 ** 23,
    })
  })

  test('tell their problems and those of ClickHouse together', () => {
    const parse = () =>
      parseConfig({
        PARQUET_COMPRESSION: 'lz4',
        FAILURE_DLQ_URL: 'https://sqs.example/failures',
        CLICKHOUSE_HOST: 'db',
        CLICKHOUSE_PORT: '9000',
        CLICKHOUSE_INSERT_SQL: 'INSERT INTO t VALUES (1)',
      })
    for (const part of [
      'LEDGER_TABLE_NAME is missing',
      'SILVER_BUCKET is missing',
      'PARQUET_COMPRESSION must be one of snappy, zstd, gzip, none',
      'FAILURE_DLQ_URL is not taken',
      'CLICKHOUSE_DATABASE is missing',
      'CLICKHOUSE_PORT must not be 9000',
      'CLICKHOUSE_INSERT_SQL is not taken',
    ])
      expect(parse).toThrow(part)
  })

  test.each([
    [{ SILVER_PREFIX: 'a', QUARANTINE_PREFIX: 'a' }, 'must not be within one another'],
    [{ SILVER_PREFIX: 'a', QUARANTINE_PREFIX: 'a/b' }, 'must not be within one another'],
    [{ SILVER_PREFIX: '_staging' }, 'SILVER_PREFIX must not be _staging'],
    [{ QUARANTINE_PREFIX: '_batches/x' }, 'QUARANTINE_PREFIX must not be _batches'],
    [{ SILVER_PREFIX: '/silver' }, 'without a slash'],
  ])('keep folders apart: %o', (folders, problem) => {
    expect(() => parseConfig({ ...silverOnly, ...folders })).toThrow(problem)
  })

  test('take folders whose names only begin alike', () => {
    const folders = { SILVER_PREFIX: 'data', QUARANTINE_PREFIX: 'data-rejected' }
    expect(parseConfig({ ...silverOnly, ...folders })).toMatchObject({ silverPrefix: 'data' })
  })

  test('are told at the start without secrets', () => {
    const { effective } = parseConfig({
      ...silverOnly,
      TARGETS: 'silver,clickhouse',
      CLICKHOUSE_URL: 'https://db:8443',
      CLICKHOUSE_DATABASE: 'analytics',
      CLICKHOUSE_USER: 'loader',
      CLICKHOUSE_PASSWORD: 'correct-horse',
      CLICKHOUSE_SETTINGS: 'max_memory_usage=123456789',
    })
    expect(effective).toMatchObject({
      targets: ['silver', 'clickhouse'],
      clickHouse: { url: 'https://db:8443', user: 'loader', password: 'set' },
    })
    expect(JSON.stringify(effective)).not.toMatch(/correct-horse|123456789/)
  })
})
