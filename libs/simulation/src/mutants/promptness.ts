/** How a trace tells of an event of the log. */
const linePattern = /^(\d+) log (\{.*\})$/

interface Told {
  readonly kind: string
  readonly batch: string
  readonly target?: string
}

/**
 * Reads in a trace what no final state shows: batches some chunk of which reached a target later than that after the seal, says
 * because another target was down.
 */
export const findLateBatches = (
  trace: readonly string[],
  target: string,
  latestMs: number,
): readonly string[] => {
  const sealedAt = new Map<string, number>()
  const late = new Set<string>()
  for (const line of trace) {
    const [, at, json] = linePattern.exec(line) ?? []
    if (at === undefined || json === undefined) continue
    const event = JSON.parse(json) as Told
    if (event.kind === 'batch-sealed') sealedAt.set(event.batch, Number(at))
    const isLate = Number(at) - (sealedAt.get(event.batch) ?? Infinity) > latestMs
    if (event.kind === 'chunk-applied' && event.target === target && isLate) late.add(event.batch)
  }
  return [...late].map((batch) => `${target} waited for batch ${batch}`)
}
