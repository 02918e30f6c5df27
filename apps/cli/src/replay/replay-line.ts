import type { CommandOf } from '../command.ts'
import { replayWays } from '../command.ts'
import type { Given } from '../given.ts'
import { changing, numberOf, oneOf, refuseArguments } from '../given.ts'
import { readMoment } from '../text/since.ts'
import { UsageError } from '../usage-error.ts'

const replayMax = 1_000_000_000
/** A second; S3 takes 3 500 writes to one prefix. */
const rateMax = 100_000

/** @throws UsageError */
export const readReplay = (given: Given): CommandOf<'replay'> => {
  refuseArguments(given)
  const { via, bucket, prefix = [], to, force = false, limit, rate } = given.values
  const start = readMoment('start', given.values.start)
  const end = readMoment('end', given.values.end)
  const [only] = prefix
  if (via === undefined || prefix.length !== 1 || only === undefined || !start || !end)
    throw new UsageError(
      `replay needs --via ${replayWays.join('|')}, one --prefix (which may be ""), --start and --end; see --help`,
    )
  const way = oneOf('via', via, replayWays)
  if (to !== undefined && way === 'queue')
    throw new UsageError('--to goes with --via copy: nothing else is copied')
  return {
    ...{ kind: 'replay', via: way, bucket, prefix: only, start, end, force, to },
    limit: limit === undefined ? undefined : numberOf(given, 'limit', 0, replayMax),
    rate: rate === undefined ? undefined : numberOf(given, 'rate', 0, rateMax),
    ...changing(given),
  }
}
