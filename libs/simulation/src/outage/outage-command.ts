import { targetNames, type TargetName } from './outage-plan.ts'
import { type OutageReport, runOutage } from './outage.ts'

export interface OutageAsked {
  readonly target: TargetName
  readonly hours: number
  readonly objectsPerSecond: number
  readonly json: boolean
}

/** Of objects that come while the other target is down. */
const promptShare = 0.999

/** What an outage must not do; none: it did nothing of the kind. */
export const problemsOf = (report: OutageReport): readonly string[] => {
  const problems: string[] = []
  if (report.deadLetters > 0) problems.push(`${report.deadLetters} messages died`)
  for (const name of targetNames) {
    const { lost, doubled, withinThreeMinutes } = report.targets[name]
    if (lost > 0) problems.push(`${name} lacks ${lost} rows`)
    if (doubled > 0) problems.push(`${name} has ${doubled} rows twice`)
    if (name !== report.target && withinThreeMinutes < promptShare)
      problems.push(`${name} waited for ${report.target}: ${withinThreeMinutes} within 3 minutes`)
  }
  return problems
}

/** Runs an outage and prints what became of it; the exit code. JSON: the OutageReport with `problems`. */
export const runOutageCommand = async ({ json, ...asked }: OutageAsked): Promise<number> => {
  const { stderr } = process
  const report = await runOutage({
    ...asked,
    onProgress: (hours, objects) => {
      if (stderr.isTTY)
        stderr.write(`\r${hours.toFixed(0)} of ${asked.hours} hours, ${objects} objects `)
    },
  })
  if (stderr.isTTY) stderr.write('\n')
  const problems = problemsOf(report)
  if (json) process.stdout.write(`${JSON.stringify({ ...report, problems })}\n`)
  else process.stdout.write(`${[...describe(report), ...problems].join('\n')}\n`)
  return problems.length > 0 ? 1 : 0
}

const describe = (report: OutageReport): readonly string[] => {
  const line = (name: string, value: unknown): string => `${name.padEnd(34)} ${String(value)}`
  return [
    line(`hours ${report.target} was down`, report.hours),
    line('objects', report.objects),
    line('batches', report.batches),
    line('dead letters', report.deadLetters),
    line('probes', report.probes),
    line('batches that waited', report.batchesWaiting),
    line('seconds until all were there', report.catchUpSeconds),
    line('batches sent each minute after', report.ramp.slice(0, 20).join(' ')),
    ...targetNames.flatMap((name) => {
      const { rows, lost, doubled, lagSeconds, withinThreeMinutes } = report.targets[name]
      return [
        line(`${name}: rows, lost, doubled`, `${rows}, ${lost}, ${doubled}`),
        line(
          '  lag p50, p99.9, longest, s',
          `${lagSeconds.p50}, ${lagSeconds.p999}, ${lagSeconds.most}`,
        ),
        line('  within three minutes', `${(100 * withinThreeMinutes).toFixed(2)} %`),
      ]
    }),
  ]
}
