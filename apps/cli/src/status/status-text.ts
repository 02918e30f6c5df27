import type { BreakerView, Lag, RecentWork } from '@silversmith/flow'
import { writeDuration, writeMoment, writeTime } from '../text/age.ts'
import { counted } from '../text/counted.ts'
import { functionNameOf } from './intake.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { QueueStatus, Status } from './status.ts'

/** Rows of each table; `--json` has all. */
const toldMax = 20

const cut = <Item>(items: readonly Item[], write: (some: readonly Item[]) => string): string =>
  items.length <= toldMax
    ? write(items)
    : `${write(items.slice(0, toldMax))}\n… and ${items.length - toldMax} more; --json has all`

/** `clickhouse`, `clickhouse, table raw_events`. */
export const placeOf = ({ target, table }: Pick<BreakerView, 'target' | 'table'>): string =>
  table === undefined ? target : `${target}, table ${table}`

const countedBatches = (count: number): string => `${count} batch${count === 1 ? '' : 'es'}`

const stateOf = ({ mappings }: QueueStatus): string => {
  if (mappings === undefined) return '?'
  return [...new Set(mappings.map(({ state }) => state))].join(', ') || 'none'
}

const describeQueues = (queues: readonly QueueStatus[]): string =>
  cut(queues, (some) =>
    layOutRows(
      some.map((one) => ({
        queue: one.queue,
        feeds: [
          ...new Set((one.mappings ?? []).map(({ functionName }) => functionNameOf(functionName))),
        ].join(', '),
        mapping: stateOf(one),
        ...{ ready: one.ready, delayed: one.delayed, 'in flight': one.inFlight },
        'dead letters': one.dead ?? '?',
      })),
    ),
  )

const describeOpen = ({ open, at }: Status): readonly string[] => {
  if (!open) return []
  if (open.work.length === 0) return ['', 'no open batches']
  const table = open.work.map(
    ({ state, batches, rows, young, middling, old, oldestAt, nextAt }) => ({
      ...{
        'open batches': state,
        batches,
        rows,
        'under 5 min': young,
        'under 1 h': middling,
        older: old,
      },
      ...{
        oldest: writeMoment(oldestAt, at),
        'next try': state === 'forming' ? '' : writeMoment(nextAt, at),
      },
    }),
  )
  return [
    ...['', layOutRows(table)],
    ...(open.isCut ? ['there are more: the oldest leases were counted'] : []),
    ...open.problems
      .slice(0, toldMax)
      .map(
        ({ batches, target, example }) => `${target} keeps ${countedBatches(batches)}: ${example}`,
      ),
  ]
}

const describeBreakers = ({ breakers, at }: Status): readonly string[] => {
  if (!breakers) return []
  if (breakers.length === 0) return ['', 'breakers: all closed, no failures']
  const rows = breakers.map(({ state, failures, openedAt, retryAt, problem, ...place }) => ({
    ...{ breaker: placeOf(place), state, failures },
    since: openedAt === undefined ? '' : writeMoment(openedAt, at),
    'tried again':
      retryAt === undefined ? '' : retryAt <= at ? 'with the next batch' : writeMoment(retryAt, at),
    problem: problem ?? '',
  }))
  return [
    '',
    cut(rows, layOutRows),
    ...breakers.flatMap(({ problem, ...place }) =>
      (problem?.length ?? 0) > cellMax ? [`${placeOf(place)}: ${problem ?? ''}`] : [],
    ),
  ]
}

/** A longer problem is told again below its table, which cuts it. */
const cellMax = 60

const describeLag = ({ objects, halfMs, most95Ms, longestMs }: Lag): string =>
  `from object to queryable: half of them within ${writeDuration(halfMs)}, 95 % within ${writeDuration(most95Ms)}, the longest ${writeDuration(longestMs)} (${counted(objects, 'object')})`

const describeHour = (work: RecentWork): readonly string[] => {
  const { sealed, committed, rows, batchesRead, isCut, lag, objects, records, rejected } = work
  if (sealed === 0) return ['', 'last hour: nothing was sealed']
  const some = batchesRead < sealed ? `, in the newest ${batchesRead} of them` : ''
  return [
    '',
    `last hour: ${isCut ? 'over ' : ''}${countedBatches(sealed)} sealed, ${committed} of them committed, ${counted(rows, 'row')} of all tables`,
    `${counted(objects, 'object')} with ${counted(records, 'record')}, ${rejected} rejected${some}`,
    ...(lag ? [describeLag(lag)] : []),
  ]
}

/** Files by dataset and reason, and the records of the last hour. */
const describeQuarantine = ({ quarantine, lastHour }: Status): readonly string[] => {
  if (!quarantine) return []
  const records = lastHour?.rejectedByReason ?? {}
  const rows = quarantine.map(({ dataset, reason, files, open, isCut, lastDay }) => ({
    ...{ quarantine: dataset, reason, files: isCut ? `${files}+` : files, 'never replayed': open },
    ...{ 'last day': isCut ? '' : lastDay, 'last hour': records[`${dataset}/${reason}`] ?? 0 },
  }))
  if (rows.length === 0) return ['', 'quarantine: no files']
  const byNews = rows.toSorted((a, b) => b['last hour'] - a['last hour'])
  return [
    '',
    cut(byNews, layOutRows),
    'last hour: rejections, here and above; a record that a replay leaves rejected counts again. The others are files',
  ]
}

const listed = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]

/** For a terminal; what needs a person comes last, where the eye is. */
export const describeStatus = (status: Status): string =>
  [
    `pipeline ${status.pipeline}, ${writeTime(status.at)}`,
    '',
    ...(status.queues.length > 0 ? [describeQueues(status.queues)] : []),
    ...describeOpen(status),
    ...describeBreakers(status),
    ...(status.lastHour ? describeHour(status.lastHour) : []),
    ...describeQuarantine(status),
    ...listed('could not be looked at', status.unseen),
    ...listed('needs a person', status.attention),
    ...(status.attention.length + status.unseen.length === 0 ? ['', 'all is well'] : []),
  ].join('\n')
