import type { FunctionName } from '../bundles.ts'
import { eventCopies } from './arena.ts'
import type { Chaos } from './chaos.ts'
import { describe } from './judgement.ts'
import type { Fate } from './rough-network.ts'

/** The document of `--json`. */
export interface Report {
  readonly seconds: number
  readonly minutes: number
  readonly seed: number
  readonly objects: number
  readonly rows: number
  readonly rejected: number
  readonly kills: Readonly<Record<FunctionName, number>>
  readonly engineRestarts: number
  readonly pauses: number
  readonly leasesEnded: number
  readonly network: Readonly<Record<Fate, number>>
  readonly eventsSent: number
  readonly redelivered: number
  readonly redriven: number
  readonly batches: Readonly<Record<string, number>>
  readonly dispositions: Readonly<Record<string, number>>
  /** Sums over both targets. */
  readonly lost: number
  readonly duplicated: number
  readonly extra: number
  readonly quarantine: {
    readonly lost: number
    readonly duplicated: number
    readonly extra: number
  }
  readonly problems: readonly string[]
}

/** What an object may come to here; anything else kept it out. */
const wellKnown: readonly string[] = ['rows', 'empty']

const problemsOf = (
  batches: Readonly<Record<string, number>>,
  dispositions: Readonly<Record<string, number>>,
  merged: number,
): readonly string[] => [
  ...Object.entries(dispositions)
    .filter(([name]) => !wellKnown.includes(name))
    .map(([name, count]) => `${count} objects are ${name}`),
  ...Object.entries(batches)
    .filter(([end]) => end === 'F' || end === 'S')
    .map(([end, count]) => `${count} batches are still ${end}`),
  ...(merged === 0 ? [] : [`${merged} parts came of merges, which may hide rows`]),
]

export const reportOf = async (
  chaos: Chaos,
  run: Pick<Report, 'minutes' | 'seed'> & { readonly startedAt: number },
): Promise<Report> => {
  const { load, fire, network, redelivered, redriven, unsettled } = chaos.ordeal
  const judgement = await chaos.judge()
  const batches = await chaos.countBatches()
  const dispositions = await chaos.countDispositions()
  const { clickhouse, silver, quarantine } = judgement
  return {
    seconds: Math.round((Date.now() - run.startedAt) / 1_000),
    ...{ minutes: run.minutes, seed: run.seed },
    ...{ objects: load.objects, rows: load.rows.size, rejected: load.quarantine.size },
    ...fire,
    network,
    eventsSent: load.objects * eventCopies,
    ...{ redelivered, redriven, batches, dispositions },
    lost: clickhouse.lost.length + silver.lost.length,
    duplicated: clickhouse.duplicated.length + silver.duplicated.length,
    extra: clickhouse.extra.length + silver.extra.length,
    quarantine: {
      lost: quarantine.lost.length,
      duplicated: quarantine.duplicated.length,
      extra: quarantine.extra.length,
    },
    problems: [
      ...(unsettled === undefined ? [] : [unsettled]),
      ...describe(judgement),
      ...problemsOf(batches, dispositions, await chaos.countMerged()),
    ],
  }
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/** For a person at a terminal. */
export const humanReport = (report: Report): string =>
  [
    ['seed', report.seed],
    ['objects', `${report.objects}, their events sent ${report.eventsSent} times`],
    ['rows', report.rows],
    ['rejected', report.rejected],
    ['killed', listed(report.kills)],
    ['ClickHouse killed', report.engineRestarts],
    ['paused', report.pauses],
    ['leases ended early', report.leasesEnded],
    ['network', listed(report.network)],
    ['messages redelivered', report.redelivered],
    ['dead letters redriven', report.redriven],
    ['batches', listed(report.batches)],
    ['lost', report.lost],
    ['duplicated', report.duplicated],
    ['extra', report.extra],
    ['quarantine', listed(report.quarantine)],
    ['seconds', report.seconds],
  ]
    .map(([name, value]) => `${String(name).padEnd(22)} ${value}`)
    .join('\n')
