import { type KeysReport, walkManyKeys } from './many-keys.ts'

export interface KeysAsked {
  readonly keys: number
  readonly json: boolean
}

/** Growth of memory from a tenth of the keys to all of them; more, and it goes with the number of keys. */
const growthMaxMib = 50

export const growthOf = ({ marks }: Pick<KeysReport, 'marks'>): number =>
  (marks.at(-1)?.rssMib ?? 0) - (marks[0]?.rssMib ?? 0)

/** What a walk must not do; none: it did nothing of the kind. */
export const problemsOf = (report: KeysReport): readonly string[] => {
  const growth = growthOf(report)
  return [
    ...(report.wrong > 0 ? [`${report.wrong} keys were sent twice or not at all`] : []),
    ...(growth > growthMaxMib ? [`memory grew by ${growth.toFixed(1)} MiB`] : []),
  ]
}

/** Walks and prints; the exit code. JSON: the KeysReport with `growthMib` and `problems`. */
export const runKeysCommand = async ({ keys, json }: KeysAsked): Promise<number> => {
  const tell = (text: string): void => void (json ? process.stderr : process.stdout).write(text)
  const report = await walkManyKeys(keys, ({ keys: done, seconds, rssMib }) =>
    tell(
      `${String(done).padStart(10)} keys, ${seconds.toFixed(1)} s more, ${rssMib.toFixed(0)} MiB\n`,
    ),
  )
  const problems = problemsOf(report)
  const growthMib = growthOf(report)
  tell(`${report.slices} slices of ${report.sliceBytes} bytes, ${report.calls} calls\n`)
  tell([`memory grew by ${growthMib.toFixed(1)} MiB`, ...problems, ''].join('\n'))
  if (json) process.stdout.write(`${JSON.stringify({ ...report, growthMib, problems })}\n`)
  return problems.length > 0 ? 1 : 0
}
