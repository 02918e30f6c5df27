import { createS3Bronze, createS3Client } from '@silversmith/aws'
import {
  type Bronze,
  contractsSetting,
  type Drift,
  inspectSettings,
  isFault,
  limitsOf,
  overwritesSetting,
  parseOneOf,
  parseWhole,
  readingSettings,
  readObjectUri,
  setting,
  settingsInvalid,
  type Source,
} from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { dryRun, type DryRunReport, sourceOfAsked } from '@silversmith/flow'
import { type Compression, createParquetEncoder } from '@silversmith/parquet'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { awsOf, type Deployment, findDeployment, openCloud } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { createFileBronze, fileBucket, sourceOfFile } from './file-bronze.ts'
import { needDataset } from '../deployment/known-dataset.ts'
import { emptyLedger, emptyStore } from '../deployment/no-deployment.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { UsageError } from '../usage-error.ts'

/** As transform takes them. */
const settings = {
  ...deploymentSettings.ledger,
  ...{ contracts: contractsSetting, overwrites: overwritesSetting },
  ...{ routes: deploymentSettings.bronze.routes, ...deploymentSettings.targets },
  ...readingSettings,
  memoryMib: setting({
    name: 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    parse: parseWhole(128),
    default: 2_048,
    description: 'memory of transform',
  }),
  compression: setting<Compression>({
    name: 'PARQUET_COMPRESSION',
    parse: parseOneOf('snappy', 'zstd', 'gzip', 'none'),
    default: 'snappy',
    description: 'codec of the Parquet files',
  }),
}

/** Files of any size may be tried. */
const tryMs = 3_600_000
/** In the text; `--json` has all. */
const toldMax = 20

/** What is only there in a deployment may be missing: a file may be tried without one. */
const readValues = ({ settings: given }: Deployment) => {
  const { values, problems } = inspectSettings(settings, given)
  const real = problems.filter(
    (problem) => !/^(LEDGER_TABLE_NAME|SILVER_BUCKET) is missing/.test(problem),
  )
  if (real.length > 0) throw new UsageError(settingsInvalid(real).message)
  return values
}

/** Exit code 1 when an object could not be read, or has no dataset. Rejections are no reason. */
export const runTry = async (
  { objects, dataset, dir }: CommandOf<'try'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  needDataset(dataset)
  const { clock, environment, progress } = surroundings
  const deployment = await findDeployment(environment, dir)
  const values = readValues(deployment)
  const s3 = createS3Client(awsOf(deployment, values))
  const remote = createS3Bronze({ client: s3, stallMs: values.s3ReadTimeoutMs })
  // Of the deployment only what was erased from it is read.
  const isDescribed = Boolean(values.ledgerTable && values.silverBucket)
  const cloud = isDescribed ? openCloud(deployment, values) : undefined
  const { pipeline, routes, quarantinePrefix, silverBucket = '' } = values
  const call = callOf(surroundings, tryMs)
  try {
    const { sources, paths } = await findSources(
      objects,
      (asked) => sourceOfAsked({ pipeline, routes, bronze: remote }, asked, call.signal),
      { pipeline, routes, dataset },
    )
    progress.show(`reading ${counted(sources.length, 'object')}`)
    const limits = { ...limitsOf(values.memoryMib), ...limitsFrom(values) }
    const report = await dryRun(
      {
        ...{ pipeline, datasets, routes, clock, limits },
        ...{ contracts: values.contracts, overwrites: values.overwrites },
        bronze: withFiles(remote, createFileBronze()),
        store: cloud?.store ?? emptyStore,
        ledger: cloud?.ledger ?? emptyLedger,
        encoder: createParquetEncoder({
          compression: values.compression,
          rowGroupBytes: limits.rowGroupBytesMax,
        }),
        quarantineFiles: { bucket: silverBucket, prefix: `${quarantinePrefix}/` },
        targets: values.targets,
      },
      sources,
      call,
    )
    return answerOf(withDatasets(withPaths(report, paths)))
  } catch (error) {
    throw isFault(error, 'OBJECT_GONE', 'STORE_DENIED') && deployment.stack
      ? new Error(`${error.message}; asked of the S3 of a local stack`, { cause: error })
      : error
  } finally {
    progress.end()
    s3.destroy()
    cloud?.clients.destroy()
  }
}

const limitsFrom = ({
  objectBytesMax,
  recordBytesMax,
  decompressedBytesMax,
  chunkRowsMax,
  chunkBytesMax,
}: ReturnType<typeof readValues>) => ({
  ...{ objectBytesMax, recordBytesMax, decompressedBytesMax, chunkRowsMax, chunkBytesMax },
})

/** `paths`: versions of the files → their paths as they were given. */
const findSources = async (
  objects: readonly string[],
  ask: (asked: Parameters<typeof sourceOfAsked>[1]) => Promise<Source>,
  by: Parameters<typeof sourceOfFile>[1],
): Promise<{
  readonly sources: readonly Source[]
  readonly paths: ReadonlyMap<string, string>
}> => {
  const sources: Source[] = []
  const paths = new Map<string, string>()
  for (const object of objects) {
    const named = object.startsWith('s3://') ? readObjectUri(object) : undefined
    if (object.startsWith('s3://') && !named)
      throw new UsageError(`${object} names no object: s3://bucket/key`)
    if (named) sources.push(await ask({ ...named, versionId: undefined, dataset: by.dataset }))
    else {
      const source = await sourceOfFile(object, by)
      sources.push(source)
      paths.set(source.object.version, object)
    }
  }
  return { sources, paths }
}

const withFiles = (remote: Bronze, files: Pick<Bronze, 'open'>): Bronze => ({
  ...remote,
  open: (object, signal) => (object.bucket === fileBucket ? files : remote).open(object, signal),
})

const withPaths = (report: DryRunReport, paths: ReadonlyMap<string, string>): DryRunReport => ({
  ...report,
  objects: report.objects.map((one) => ({ ...one, url: paths.get(one.version) ?? one.url })),
})

/** To try an object it needs no route. */
const withDatasets = (report: DryRunReport): DryRunReport => ({
  ...report,
  objects: report.objects.map((one) =>
    one.disposition === 'unrouted'
      ? { ...one, reason: `${one.reason ?? ''}; to try it all the same, name one: --dataset NAME` }
      : one,
  ),
})

const wellRead: readonly string[] = ['rows', 'empty']

const answerOf = (report: DryRunReport): Answer => ({
  document: report,
  text: describe(report),
  code: report.objects.every(({ disposition }) => wellRead.includes(disposition)) ? 0 : 1,
})

const describe = (report: DryRunReport): string => {
  const { objects, datasets: bySet, tables, quarantine, drift } = report
  const shown = objects.slice(0, toldMax)
  const told = shown.map(({ url, dataset = '', disposition, ...counts }) => ({
    ...{ object: url, dataset, becomes: disposition, records: counts.records, rows: counts.rows },
    ...{ rejected: counts.rejected, discarded: counts.discarded },
  }))
  const reasons = Object.entries(bySet).flatMap(([dataset, { rejectedByReason }]) =>
    Object.entries(rejectedByReason).map(([reason, records]) => ({ dataset, reason, records })),
  )
  const sizes = Object.entries(tables).map(([table, one]) => ({
    ...{ table, rows: one.rows, inserts: one.chunks, 'insert bytes': one.insertBytes },
    ...{ 'silver files': one.silverFiles, 'silver bytes': one.silverBytes },
  }))
  return [
    layOutRows(told),
    ...(objects.length > toldMax ? [`… and ${objects.length - toldMax} more; --json has all`] : []),
    ...shown.flatMap(({ url, reason }) => (reason === undefined ? [] : [`${url}: ${reason}`])),
    ...(sizes.length > 0 ? ['', layOutRows(sizes)] : []),
    ...(reasons.length > 0 ? ['', layOutRows(reasons)] : []),
    ...(quarantine.files > 0
      ? [`${counted(quarantine.files, 'quarantine file')}, ${quarantine.bytes} bytes`]
      : []),
    ...describeDrift(drift),
    '',
    'a dry run: nothing was claimed, written or deleted',
  ].join('\n')
}

const describeDrift = (drift: readonly Drift[]): readonly string[] => {
  if (drift.length === 0) return []
  const rows = drift.slice(0, toldMax).map(({ table, path, kind, rows: count, types }) => ({
    ...{ table, path, kind, rows: count, types: Object.keys(types).join(', ') },
  }))
  const more =
    drift.length > toldMax ? [`… and ${drift.length - toldMax} more; --json has all`] : []
  return ['', layOutRows(rows), ...more]
}
