type Facts = Readonly<Record<string, unknown>>

/** Node's `process`, as far as it is told. */
export interface ProcessFacts {
  readonly version: string
  readonly platform: string
  readonly arch: string
  readonly versions: Readonly<Record<string, string | undefined>>
}

/** What a diagnostics answer tells of the process, by the names older functions told it by; of the environment no value. */
export const describeProcess = (
  { version, platform, arch, versions }: ProcessFacts,
  environment: Readonly<Record<string, string | undefined>>,
  { logLevel, dryRun }: { readonly logLevel: string; readonly dryRun: boolean },
): { readonly runtime: Facts; readonly environment: Facts; readonly dependencies: Facts } => ({
  runtime: { node: version, platform, machine: arch, log_level: logLevel },
  environment: {
    ...{ dry_run: dryRun, log_level: logLevel },
    has_clickhouse_url: Boolean(environment['CLICKHOUSE_URL']),
    has_clickhouse_host: Boolean(environment['CLICKHOUSE_HOST']),
  },
  dependencies: { openssl: versions['openssl'], v8: versions['v8'], zlib: versions['zlib'] },
})
