import type { ErasedRecord } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { isFault } from '@silversmith/core'
import { eraseRecords, type EraseResult } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { undone } from '../dry-run.ts'
import { openErasers } from './erasers.ts'
import { silentLog } from '../deployment/silent-log.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { UsageError } from '../usage-error.ts'

/** Every file of silver may have to be read, three times. */
const eraseMs = 24 * 3_600_000

/** Of objects; `--json` has all. */
const toldMax = 50

interface Object {
  readonly url: string
  readonly version: string
  readonly records: readonly Pick<ErasedRecord, 'record' | 'line'>[]
}

const objectsOf = (records: readonly ErasedRecord[]): readonly Object[] =>
  [...Map.groupBy(records, ({ source, version }) => `${source}\n${version}`).values()].map(
    (some) => ({
      ...{ url: some[0]?.source ?? '', version: some[0]?.version ?? '' },
      records: some
        .map(({ record, line }) => ({ record, line }))
        .toSorted((a, b) => a.record - b.record),
    }),
  )

const describeObject = ({ url, version, records }: Object): string => {
  const lines = records.map(({ record, line }) => (line === null ? `record ${record}` : `${line}`))
  const more = lines.length > toldMax ? ` and ${lines.length - toldMax} more` : ''
  return `  ${url} version ${version}: lines ${lines.slice(0, toldMax).join(', ')}${more}`
}

const heads: Readonly<Record<EraseResult['outcome'], string>> = {
  refused: 'refused',
  planned: 'would be erased',
  nothing: 'nothing to erase',
  erased: 'erased',
  more: 'erased; there are more: run the same again',
}

const describe = (result: EraseResult, objects: readonly Object[]): string => {
  const { outcome, reason, finished, records, rows, rejected, cut, copies } = result
  const isPlanned = outcome === 'planned'
  return [
    `${heads[outcome]}${reason === undefined ? '' : `: ${reason}`}`,
    ...(finished > 0
      ? [`${counted(finished, 'erasure')} begun before ${isPlanned ? 'would be' : ''} finished`]
      : []),
    ...(records.length > 0
      ? [`${counted(records.length, 'record')}, ${rejected} of them in quarantine`]
      : []),
    ...rows.map((one) => `  ${counted(one.rows, 'row')} of ${one.table} in ${one.eraser}`),
    ...(cut > 0
      ? [
          `${counted(cut, 'rejected record')} too large to be kept whole: look at them, silversmith quarantine show --reason record_too_large`,
        ]
      : []),
    ...copies.map((copy) => `not reached: ${copy}; erase it there by hand`),
    ...(objects.length > 0 ? ['bronze holds them in:'] : []),
    ...objects.slice(0, toldMax).map(describeObject),
    ...(objects.length > toldMax ? [`  … and ${objects.length - toldMax} more; --json`] : []),
    ...(isPlanned ? [undone] : []),
  ].join('\n')
}

/** Exit code 1 when it was refused, or there is more to be erased. */
export const runErase = async (
  { request, dryRun, dir }: CommandOf<'erase'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { environment, clock, progress } = surroundings
  const deployment = await findDeployment(environment, dir)
  const { routes } = deploymentSettings.bronze
  const values = readDeployment(deployment, { ...deploymentSettings.targets, routes })
  const { clients, ...ports } = openCloud(deployment, values)
  const { erasers, close } = openErasers(values, ports.store, clock)
  const { pipeline, silverBucket: bucket, quarantinePrefix } = values
  const quarantineFiles = { bucket, prefix: `${quarantinePrefix}/` }
  progress.show('looking for the records')
  try {
    const result = await eraseRecords(
      { ...ports, ...{ pipeline, clock, datasets, erasers, quarantineFiles }, log: silentLog },
      request,
      callOf(surroundings, eraseMs),
      { dryRun },
    )
    const { records, ...facts } = result
    const objects = objectsOf(records)
    return {
      document: { dryRun, ...facts, records: records.length, objects },
      text: describe(result, objects),
      code: result.outcome === 'refused' || result.outcome === 'more' ? 1 : 0,
    }
  } catch (error) {
    if (isFault(error, 'SETTINGS_INVALID')) throw new UsageError(error.message, { cause: error })
    throw error
  } finally {
    progress.end()
    await close()
    clients.destroy()
  }
}
