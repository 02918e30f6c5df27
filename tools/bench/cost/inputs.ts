import { readFile } from 'node:fs/promises'
import { UsageError } from '../usage-error.ts'

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

type Numbers<Meanings> = Readonly<Record<keyof Meanings, number>>
export type Figures = Numbers<typeof figureMeanings>
export type Prices = Numbers<typeof priceMeanings>
export type ServiceLimits = Numbers<typeof limitMeanings>

/** A file of numbers: each with its value and where that comes from. */
export interface Source<Meanings> {
  /** When the numbers were taken. */
  readonly date: string
  readonly numbers: Numbers<Meanings>
  readonly from: Readonly<Record<keyof Meanings, string>>
  /** What else the file says of itself, e.g. its region. */
  readonly about: Readonly<Record<string, unknown>>
}

export interface Inputs {
  readonly figures: Figures
  readonly prices: Prices
  readonly limits: ServiceLimits
}

interface Wanted<Meanings> {
  /** The option that names the file. */
  readonly option: string
  readonly meanings: Meanings
  /** Entries beside `date` and `numbers`. */
  readonly about: readonly string[]
  /** Whether a number may be 0. */
  readonly mayBeFree: boolean
}

export const wantedMeasured: Wanted<typeof figureMeanings> = {
  ...{ option: 'measured', meanings: figureMeanings, about: ['machine', 'commit'] },
  mayBeFree: false,
}
export const wantedPrices: Wanted<typeof priceMeanings> = {
  ...{ option: 'prices', meanings: priceMeanings, about: ['region'], mayBeFree: true },
}
export const wantedLimits: Wanted<typeof limitMeanings> = {
  ...{ option: 'limits', meanings: limitMeanings, about: [], mayBeFree: false },
}

/** @throws UsageError when there is no such file. */
export const readNumbers = async <Meanings extends Readonly<Record<string, string>>>(
  path: string,
  wanted: Wanted<Meanings>,
): Promise<Source<Meanings>> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--${wanted.option} ${path} cannot be read: ${(error as Error).message}`)
  })
  return parseNumbers(text, wanted)
}

/** @throws UsageError that names every entry too many, missing or no number. */
export const parseNumbers = <Meanings extends Readonly<Record<string, string>>>(
  text: string,
  { option, meanings, about, mayBeFree }: Wanted<Meanings>,
): Source<Meanings> => {
  const whole = parseObject(text)
  if (!whole) throw new UsageError(`--${option} takes a file with a JSON object`)
  const { date, numbers, ...more } = whole
  const entries = isObject(numbers) ? numbers : {}
  const problems = [
    ...nameProblems('', Object.keys(whole), ['date', 'numbers', ...about]),
    ...nameProblems('numbers.', Object.keys(entries), Object.keys(meanings)),
    ...Object.entries(entries).flatMap(([name, entry]) => valueProblems(name, entry, mayBeFree)),
  ]
  if (problems.length > 0) throw new UsageError(`--${option}: ${problems.join('; ')}`)
  const known = Object.entries(entries as Record<string, Entry>)
  return {
    ...{ date: String(date), about: more },
    numbers: Object.fromEntries(known.map(([name, { value }]) => [name, value])),
    from: Object.fromEntries(known.map(([name, { from }]) => [name, from])),
  } as Source<Meanings>
}

interface Entry {
  readonly value: number
  readonly from: string
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

const nameProblems = (
  place: string,
  given: readonly string[],
  known: readonly string[],
): readonly string[] => [
  ...given.filter((name) => !known.includes(name)).map((name) => `${place}${name} is not known`),
  ...known.filter((name) => !given.includes(name)).map((name) => `${place}${name} is missing`),
]

const valueProblems = (name: string, entry: unknown, mayBeFree: boolean): readonly string[] => {
  const { value, from } = isObject(entry) ? entry : {}
  const isNumber = typeof value === 'number' && Number.isFinite(value)
  return [
    ...(isNumber && (value > 0 || (mayBeFree && value === 0))
      ? []
      : [`numbers.${name}.value must be a number ${mayBeFree ? 'from 0 on' : 'above 0'}`]),
    ...(typeof from === 'string' && from !== ''
      ? []
      : [`numbers.${name}.from must say where the value comes from`]),
  ]
}
