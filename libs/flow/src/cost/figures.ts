/** What was measured here, and what is assumed of services that were not: name → what it is. */
export const figureMeanings = {
  recordBytes: 'bytes of JSON in a record',
  convertMbPerCpuSecond: 'MB of JSON that transform makes Parquet of in a CPU second',
  pythonMbPerCpuSecond: 'MB of JSON that seed 000 makes Parquet of in a CPU second',
  pythonPeakMibPerMb: 'MiB of memory seed 000 takes for an MB of JSON',
  parquetBytesPerByte: 'bytes of Parquet from a byte of JSON',
  jsonMbPerChunk: 'MB of JSON in a full chunk',
  transformCpuMsPerRequest: 'CPU ms of transform for a request it makes, all that goes with it',
  ingestCpuMsPerObject: 'CPU ms of ingest for an object',
  messagesPerSend: 'messages in a SendMessageBatch of ingest',
  messagesPerReceive: 'messages a mapping gets by a ReceiveMessage',
  ingestLogBytes: 'bytes an invocation of ingest logs',
  transformLogBytes: 'bytes an invocation of transform logs',
  messageBytes: 'bytes of a message in an event of transform',
  claimBytes: 'bytes of a claim in the ledger',
  manifestBytesPerObject: 'bytes of an object in a manifest',
  s3Ms: 'ms of a request to S3',
  dynamoDbMs: 'ms of a request to DynamoDB',
  sqsMs: 'ms of a request to SQS',
  questionMs: 'ms of a question to ClickHouse',
  insertMs: 'ms of a small INSERT',
  insertRowsPerSecond: 'rows ClickHouse takes in a second, beyond that',
  transferMbPerSecond: 'MB a function sends in a second',
} as const

/** List prices in dollars: name → of what. */
export const priceMeanings = {
  lambdaX86GbSecond: 'Lambda, x86_64: a GB-second',
  lambdaArmGbSecond: 'Lambda, arm64: a GB-second',
  lambdaRequestsMillion: 'Lambda: a million invocations',
  sqsRequestsMillion: 'SQS: a million requests',
  dynamoDbWritesMillion: 'DynamoDB on demand: a million write units',
  dynamoDbReadsMillion: 'DynamoDB on demand: a million read units',
  dynamoDbGbMonth: 'DynamoDB: a GB for a month',
  s3PutsMillion: 'S3: a million PUT, COPY, LIST',
  s3GetsMillion: 'S3: a million GET, HEAD',
  s3GbMonth: 'S3: a GB for a month',
  logsGb: 'CloudWatch: a GB of logs',
  firehoseGb: 'Firehose: a GB taken in',
  firehoseConversionGb: 'Firehose: a GB made Parquet',
  firehosePartitioningGb: 'Firehose: a GB spread over partitions',
} as const

/** Quotas and advice of the services: name → what it bounds. */
export const limitMeanings = {
  lambdaMbPerCpu: 'MB of memory that bring one vCPU',
  lambdaPayloadBytes: 'bytes of an event',
  lambdaConcurrency: 'invocations of an account at a time',
  mappingConcurrency: 'batches of an event source mapping at a time',
  mappingBatches: 'batches an event source mapping gathers at a time without a backlog',
  sqsInFlight: 'messages of a queue received and not deleted',
  newTableWrites: 'writes per second of a new table on demand',
  tableWrites: 'writes per second of a table on demand',
  partitionWrites: 'writes per second of a partition',
  prefixGets: 'reads per second of a prefix',
  prefixPuts: 'writes per second of a prefix',
  insertsPerSecond: 'INSERTs per second into a table',
  partsBeforeDelay: 'active parts of a partition',
} as const

export type Numbers<Meanings> = Readonly<Record<keyof Meanings, number>>
export type Figures = Numbers<typeof figureMeanings>
export type Prices = Numbers<typeof priceMeanings>
export type ServiceLimits = Numbers<typeof limitMeanings>

/** What costs are computed from. */
export interface Inputs {
  readonly figures: Figures
  readonly prices: Prices
  readonly limits: ServiceLimits
}
