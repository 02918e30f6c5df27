export interface FunctionDeployment {
  readonly memoryMb: number
  readonly timeoutSeconds: number
  /** Of its event source mapping. */
  readonly batchSize: number
  readonly windowSeconds: number
}

export const architectures = ['x86', 'arm'] as const
export type Architecture = (typeof architectures)[number]

/** What an operator sets. */
export interface Deployment {
  readonly architecture: Architecture
  readonly ingest: FunctionDeployment
  readonly transform: FunctionDeployment
  /** Partitions of the index of open batches. */
  readonly openShards: number
  /** CLICKHOUSE_DEDUPLICATION_WINDOW */
  readonly tokens: number
  /** Prefixes S3 has split bronze and the silver bucket into: one each until it splits what is hot. */
  readonly bronzePrefixes: number
  readonly silverPrefixes: number
}

/** For whoever does not know how the functions are set: said beside what comes of it. */
export const assumedDeployment: Deployment = {
  architecture: 'x86',
  ingest: { memoryMb: 512, timeoutSeconds: 30, batchSize: 500, windowSeconds: 1 },
  transform: { memoryMb: 3_008, timeoutSeconds: 300, batchSize: 5_000, windowSeconds: 1 },
  ...{ openShards: 4, tokens: 10_000, bronzePrefixes: 1, silverPrefixes: 1 },
}
