import { listQuarantine, type QuarantineEntry, type QuarantineState } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { atQuarantine, filterOf, quarantineMs } from './quarantine-place.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

type Sum = {
  files: number
  /** Still rejected, each counted once. */
  records: number
  sizeBytes: number
  firstDay: string
  lastDay: string
} & {
  readonly [State in QuarantineState]: number
}

const createSum = (day: string): { -readonly [Name in keyof Sum]: Sum[Name] } => ({
  ...{ files: 0, records: 0, sizeBytes: 0, open: 0, waiting: 0, resolved: 0, failed: 0 },
  ...{ firstDay: day, lastDay: day },
})

/** Files of each state by dataset and reason. */
const createSums = () => {
  const sums = new Map<
    string,
    { dataset: string; reason: string; sum: ReturnType<typeof createSum> }
  >()
  const add = ({ dataset, reason, day, records = 0, sizeBytes, state }: QuarantineEntry): void => {
    const name = `${dataset}/${reason}`
    const { sum } = sums.get(name) ?? { sum: createSum(day) }
    sums.set(name, { dataset, reason, sum })
    sum.files += 1
    // Those of a replayed file are rows, or counted in a newer file.
    if (state !== 'resolved') sum.records += records
    sum.sizeBytes += sizeBytes
    sum[state] += 1
    if (day < sum.firstDay) sum.firstDay = day
    if (day > sum.lastDay) sum.lastDay = day
  }
  const rows = () =>
    [...sums.values()].map(({ dataset, reason, sum }) => ({ dataset, reason, ...sum }))
  return { add, rows }
}

const fileOf = ({ source, ...entry }: QuarantineEntry): object => ({
  ...entry,
  version: source.object.version,
})

export const runQuarantineList = (
  command: CommandOf<'quarantine list'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atQuarantine(surroundings, command.dir, async (deps) => {
    const { progress, clock } = surroundings
    const sums = createSums()
    const files: object[] = []
    let seen = 0
    const call = callOf(surroundings, quarantineMs)
    for await (const page of listQuarantine(deps, filterOf(command, clock.now()), call)) {
      seen += page.length
      progress.show(`${seen} quarantine files`)
      for (const entry of page) {
        sums.add(entry)
        if (files.length < command.limit) files.push(fileOf(entry))
      }
    }
    progress.end()
    const rows = sums.rows()
    const table = rows.map(
      ({ dataset, reason, records, open, waiting, resolved, failed, lastDay }) => ({
        ...{ dataset, reason, records, open },
        ...{ replayed: resolved, 'on its way': waiting, failed, 'last day': lastDay },
      }),
    )
    return {
      document: { pipeline: deps.pipeline, reasons: rows, files, more: seen - files.length },
      text:
        rows.length === 0
          ? `no quarantine files of pipeline ${deps.pipeline} fit`
          : `${layOutRows(table)}\n\nrecords: still rejected, each once; the states count files`,
      code: 0,
    }
  })
