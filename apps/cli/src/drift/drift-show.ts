import { defaultContract } from '@silversmith/core'
import type { DriftReport } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { readDrift } from './drift-room.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'

/** In the table; `--json` has all. */
const toldMax = 50

const describe = ({ batches, paths, missing }: DriftReport, contracts: Contracts): string => {
  const rows = paths
    .slice(0, toldMax)
    .map(({ table, path, kind, rows: count, types, dataset }) => ({
      ...{ table, path, kind, rows: count },
      ...{ types: Object.keys(types).join(', '), contract: contracts[dataset] ?? defaultContract },
    }))
  return [
    `${batches} ${batches === 1 ? 'batch' : 'batches'} looked at`,
    ...(rows.length > 0 ? ['', layOutRows(rows)] : ['no value was there that fits no column']),
    ...(paths.length > toldMax ? [`… and ${paths.length - toldMax} more; --json has all`] : []),
    ...missing.map(
      ({ table, rows: count, columns }) =>
        `\n${table}: no value in ${counted(count, 'row')} for ${columns.join(', ')}`,
    ),
  ].join('\n')
}

type Contracts = Readonly<Record<string, string>>

export const runDriftShow = async (
  command: CommandOf<'drift show'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { values, since, report } = await readDrift(command, surroundings)
  const { pipeline, contracts } = values
  return {
    document: { pipeline, since: new Date(since).toISOString(), contracts, ...report },
    text: describe(report, contracts),
    code: 0,
  }
}
