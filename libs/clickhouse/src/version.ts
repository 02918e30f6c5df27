/** First release with all pinned settings, rounded up to a long-term one. */
const floor = [23, 8] as const

/** `26.7.2.1` → what is wrong with it for exactly-once inserts, or undefined. */
export const versionProblem = (version: string, replicated: boolean): string | undefined => {
  const [year = 0, month = 0] = version.split('.').map(Number)
  if (year < floor[0] || (year === floor[0] && month < floor[1]))
    return `ClickHouse ${version} is too old: at least ${floor.join('.')} is needed, 26.4.5 or newer is advised`
  // ClickHouse issue 80735: a retry inside the server reported success and dropped the block.
  if (replicated && year === 24 && month === 5)
    return `ClickHouse ${version} may drop a block of a replicated table and report success (issue 80735): upgrade`
  return undefined
}
