import { createUlid } from '@silversmith/aws'
import { createClickHousePredecessor } from '@silversmith/clickhouse'
import { defaultLimits, readingSettings } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import type { AdoptCount, AdoptFinding, AdoptSum } from '@silversmith/flow'
import { adoptObjects, withoutCopies } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { undone } from '../dry-run.ts'
import { placesOf } from './reconcile-place.ts'
import { silentLog } from '../deployment/silent-log.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { openTargets } from '../deployment/targets.ts'
import { UsageError } from '../usage-error.ts'

/** Millions of objects, each read once. */
const adoptMs = 24 * 3_600_000

/** Of each kind; `--json` has all that were kept. */
const toldMax = 5

const add = (sum: AdoptSum | undefined, { counts, findings }: AdoptSum): AdoptSum => ({
  findings: [...(sum?.findings ?? []), ...findings],
  counts: Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [
      name,
      count + (sum?.counts[name as AdoptCount] ?? 0),
    ]),
  ) as AdoptSum['counts'],
})

/** What is said after the number, and what to do. */
const meanings: Readonly<Record<Exclude<AdoptCount, 'adopted'>, string>> = {
  known: 'adopted before',
  loaded: 'loaded or set aside by batches of this pipeline before: nothing is to do',
  incomplete:
    'of which the table lacks lines, or may: left to silversmith reconcile --enqueue, which loads them whole',
  gone: 'of which bronze has no version with that etag: nothing would load them; if there are others under the same key, these are loaded',
  busy: 'a batch is at them just now: run the same again when it is done',
  unclear: 'claimed for a batch the ledger does not have: silversmith ledger rebuild, then again',
}

const describeFindings = (kind: AdoptCount, { findings }: AdoptSum): readonly string[] =>
  findings
    .filter((one): one is AdoptFinding => one.kind === kind)
    .slice(0, toldMax)
    .map(
      ({ url, etag, lines, lastLine, why }) =>
        `    ${url} etag ${etag}: ${counted(lines, 'line')}, the last is ${lastLine}${why === undefined ? '' : `; ${why}`}`,
    )

interface Found {
  readonly sum: AdoptSum
  readonly table: string
  readonly unknownRows: number
  readonly targets: readonly string[]
  readonly dryRun: boolean
  readonly trustTable: boolean
}

const describe = ({ sum, table, unknownRows, targets, dryRun, trustTable }: Found): string => {
  const { counts } = sum
  const kinds = Object.entries(meanings) as [keyof typeof meanings, string][]
  const others = targets.filter((name) => name !== 'clickhouse')
  return [
    `${counted(counts.adopted, 'object')} of ${table} ${dryRun ? 'would be adopted' : 'adopted'}`,
    ...kinds
      .filter(([kind]) => counts[kind] > 0)
      .flatMap(([kind, meaning]) => [
        `  ${counts[kind]} ${meaning}`,
        ...(kind === 'known' || kind === 'loaded' ? [] : describeFindings(kind, sum)),
      ]),
    ...(trustTable && counts.adopted > 0
      ? [
          '  none of them was read: lines that are missing after the last one held were not looked for',
        ]
      : []),
    ...(unknownRows > 0
      ? [`  ${counted(unknownRows, 'row')} of no known object: they neither count nor move`]
      : []),
    ...(counts.adopted + counts.known > 0 && others.length > 0
      ? [
          `${others.join(' and ')} ${others.length === 1 ? 'has' : 'have'} nothing of adopted objects: docs/coming-from.md says how they come there`,
        ]
      : []),
    ...(dryRun ? [undone] : ['next: silversmith reconcile --enqueue, then migrate --plan']),
  ].join('\n')
}

/** Exit code 1 when some objects are to be looked at again. */
export const runAdopt = async (
  { table, prefixes, trustTable, dryRun, dir }: CommandOf<'adopt'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { environment, clock, progress, signal } = surroundings
  const deployment = await findDeployment(environment, dir)
  const { bronze, targets: ofTargets } = deploymentSettings
  const values = readDeployment(deployment, { ...bronze, ...ofTargets, ...readingSettings })
  const { pipeline, routes, contracts, clickHouse } = values
  if (!clickHouse)
    throw new UsageError('TARGETS lacks clickhouse: only rows that are there can be adopted')
  const cloud = openCloud(deployment, values)
  const { targets, ...opened } = openTargets(values, cloud.store)
  const predecessor = createClickHousePredecessor({ settings: clickHouse, table })
  const ids = { next: () => createUlid(clock.now()) }
  try {
    const unknownRows = await predecessor.countUnknown(signal)
    const { objectBytesMax, recordBytesMax, decompressedBytesMax } = values
    const limits = { ...defaultLimits, objectBytesMax, recordBytesMax, decompressedBytesMax }
    const own = withoutCopies(cloud.bronze, values.replayPrefix)
    const deps = {
      ...cloud,
      bronze: own,
      ...{ pipeline, routes, clock, targets, predecessor, ids },
    }
    let sum: AdoptSum | undefined
    for (const place of placesOf(values.buckets, prefixes)) {
      const [request, call] = [{ ...place, dryRun, trustTable }, callOf(surroundings, adoptMs)]
      const before = sum
      const all = { ...deps, datasets, contracts, limits, log: silentLog }
      for await (const step of adoptObjects(all, request, call)) {
        sum = add(before, step)
        const { adopted, known } = sum.counts
        progress.show(
          `s3://${place.bucket}/${place.prefix}: ${adopted} objects adopted, ${known} before`,
        )
      }
    }
    progress.end()
    if (!sum) throw new Error('there was no bucket to look at')
    const { name } = predecessor
    const found = { sum, table: name, unknownRows, targets: values.targets, dryRun, trustTable }
    return {
      document: { pipeline, table: name, dryRun, trustTable, ...sum, unknownRows },
      text: describe(found),
      code: sum.counts.busy + sum.counts.unclear > 0 ? 1 : 0,
    }
  } finally {
    progress.end()
    await Promise.all([predecessor.close(), opened.close()])
    cloud.clients.destroy()
  }
}
