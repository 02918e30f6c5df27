import { datasets } from '@silversmith/datasets'
import type { CommandOf } from '../command.ts'
import { UsageError } from '../usage-error.ts'

/** Its words make the name of a table, of a folder and of a constant, each in one way only. */
const pattern = /^[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*$/
const charsMax = 40

/** Ends the names of views: `<table>_current`. */
const viewEnd = /_current$/

const problemOf = (name: string): string | undefined => {
  if (!pattern.test(name) || name.length > charsMax)
    return `must be words of lower-case letters and digits joined by _, such as meter_readings, at most ${charsMax} characters`
  if (viewEnd.test(name)) return 'ends as the names of views do'
  const [taken] = datasets.filter(({ name: dataset, tables }) =>
    [
      dataset,
      ...tables.flatMap((table) => [table, ...table.views].map((one) => one.name)),
    ].includes(name),
  )
  return taken && `is taken by the dataset ${taken.name}; nothing is overwritten`
}

interface Values {
  readonly from?: string | undefined
  readonly time?: string | undefined
  readonly json?: boolean | undefined
}

/** @throws UsageError also for a name that is taken. */
export const readDatasetNew = (
  name: string,
  { from, time, json = false }: Values,
): CommandOf<'dataset new'> => {
  const problem = problemOf(name)
  if (problem !== undefined) throw new UsageError(`the name "${name}" ${problem}`)
  if (!from) throw new UsageError('dataset new needs --from FILE, a sample of its records')
  if (time === '') throw new UsageError('--time is empty')
  return { kind: 'dataset new', name, file: from, time, json }
}
