import type { CommandOf } from '../command.ts'
import type { Given } from '../given.ts'
import { changing, refuseArguments } from '../given.ts'
import { readMoment } from '../text/since.ts'
import { UsageError } from '../usage-error.ts'

/** @throws UsageError */
export const readTableRebuild = (given: Given): CommandOf<'rebuild'> => {
  refuseArguments(given)
  const { from, table } = given.values
  if (from !== 'silver')
    throw new UsageError('rebuild needs --from silver: it is what tables are filled out of')
  if (table === '') throw new UsageError('--table is empty')
  return {
    ...{ kind: 'rebuild', table, since: readMoment('since', given.values.since) },
    ...changing(given),
  }
}
