/** How a trace tells of a call, and of an event of the log. */
const callPattern = /^(\d+) \S+ clickhouse\.(?:has|put|check)/
const openedPattern = /^\d+ log \{"kind":"breaker-opened"/

/** Says what a trace shows of calls to ClickHouse in this span of true time, when there are more of them than that. */
export const findManyCalls = (
  trace: readonly string[],
  {
    fromMs,
    untilMs,
    callsMax,
  }: { readonly fromMs: number; readonly untilMs: number; readonly callsMax: number },
): readonly string[] => {
  const calls = trace.filter((line) => {
    const at = Number(callPattern.exec(line)?.[1] ?? NaN)
    return at >= fromMs && at < untilMs
  })
  return calls.length > callsMax
    ? [`ClickHouse was called ${calls.length} times while it was down`]
    : []
}

/** Says when a trace shows that a breaker opened. */
export const findOpened = (trace: readonly string[]): readonly string[] =>
  trace.filter((line) => openedPattern.test(line))
