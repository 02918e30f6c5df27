import { overwritesSetting, readObjectUri } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import type { ExplainDeps, ObjectStory } from '@silversmith/flow'
import { explainObject, openedAt } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { quote } from '../called-name.ts'
import type { CommandOf } from '../command.ts'
import type { Cloud } from '../deployment/deployment.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { explainBatch } from './explain-batch.ts'
import { describeStory } from './explain-text.ts'
import type { FoundRows } from './row-finder.ts'
import { findRows } from './row-finder.ts'
import type { StoredVersion } from './stored-version.ts'
import { findVersions, unlisted } from './stored-version.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { openTargets } from '../deployment/targets.ts'
import { UsageError } from '../usage-error.ts'

type ExplainCommand = CommandOf<'explain'>

const explainMs = 600_000
/** Versions of one key, and records of one question, that are told. */
const storiesMax = 5

const settings = {
  ...deploymentSettings.targets,
  ...deploymentSettings.bronze,
  overwrites: overwritesSetting,
}

/** A chunk by its token, or by the URL of its silver file. */
const readChunk = (about: string, silverUrl: string) => {
  const [, batch = '', n = ''] = about.startsWith(silverUrl)
    ? (/\/([^/]+)-(\d+)\.parquet$/.exec(about) ?? [])
    : (/^(.+)#(\d+)$/.exec(about) ?? [])
  return openedAt(batch) === undefined ? undefined : { batch, n: Number(n) }
}

/** Exit code 1 when something is to be done about it, or there is nothing to tell. */
export const runExplain = async (
  command: ExplainCommand,
  surroundings: Surroundings,
): Promise<Answer> => {
  const { environment, clock, progress } = surroundings
  const deployment = await findDeployment(environment, command.dir)
  const values = readDeployment(deployment, settings)
  const cloud = openCloud(deployment, values)
  const targets = openTargets(values, cloud.store)
  const { pipeline, routes, buckets, silverBucket, silverPrefix, quarantinePrefix } = values
  const deps: ExplainDeps & Cloud = {
    ...{ ...cloud, pipeline, routes, buckets, silverBucket, clock, datasets },
    ...{ inspectors: targets.inspectors, overwrites: values.overwrites },
    ...{ silverPrefix: `${silverPrefix}/`, quarantinePrefix: `${quarantinePrefix}/` },
  }
  progress.show('looking')
  try {
    const { about = '', dataset, match } = command
    const chunk = readChunk(about, `s3://${silverBucket}/${silverPrefix}/`)
    const batch = openedAt(about) === undefined ? chunk?.batch : about
    if (batch !== undefined) {
      refuseParts(command)
      return await explainBatch(deps, { batch, n: chunk?.n }, command.dir, surroundings)
    }
    if (readObjectUri(about)) return await explainUrl(deps, command, surroundings)
    refuseParts(command)
    const question = match ? { dataset, match } : { dataset, id: about }
    const found = await findRows({ ...cloud, clock }, values, question, surroundings)
    return await explainRecords(deps, found, surroundings)
  } finally {
    progress.end()
    await targets.close()
    cloud.clients.destroy()
  }
}

const refuseParts = ({ record, version }: ExplainCommand): void => {
  if (record !== undefined || version !== undefined)
    throw new UsageError('--record and --version go with the URL of an object')
}

const explainUrl = async (
  deps: ExplainDeps & Cloud,
  { record, version, about: url = '' }: ExplainCommand,
  surroundings: Surroundings,
): Promise<Answer> => {
  const place = readObjectUri(url) ?? { bucket: '', key: url }
  const call = callOf(surroundings, explainMs)
  const { versions, problem } = await findVersions(deps.bronze, place, call)
  const listed = versions.filter(({ object }) => [undefined, object.version].includes(version))
  const wanted: readonly StoredVersion[] =
    listed.length > 0 || version === undefined
      ? listed
      : [{ object: unlisted(place, version), stored: undefined }]
  if (wanted.length === 0) {
    const why = problem ?? `no version of ${url} is in bronze`
    const text = `${why}. One that was deleted is told by --version, the _version of its rows: silversmith explain --where ${quote(`_source=${url}`)} finds them`
    return { document: { stories: [], more: 0, problem: why }, text, code: 1 }
  }
  const told = wanted.slice(0, storiesMax)
  const stories: ObjectStory[] = []
  for (const { object } of told) stories.push(await explainObject(deps, object, record, call))
  const more = wanted.length - told.length
  const now = surroundings.clock.now()
  const text = [
    ...stories.map((story, at) => describeStory(story, told[at]?.stored, now)),
    ...(more > 0 ? [`and ${more} older versions; --version names one`] : []),
  ]
  return {
    document: {
      stories: stories.map((story, at) => ({ ...story, stored: told[at]?.stored ?? null })),
      more,
    },
    text: text.join('\n\n'),
    // Of several versions the newest counts.
    code: stories[0]?.isWell === true ? 0 : 1,
  }
}

const explainRecords = async (
  deps: ExplainDeps,
  { records, asked, problems, isCut }: FoundRows,
  surroundings: Surroundings,
): Promise<Answer> => {
  const call = callOf(surroundings, explainMs)
  const stories: ObjectStory[] = []
  for (const { source, version, record } of records.slice(0, storiesMax)) {
    const place = readObjectUri(source) ?? { bucket: '', key: source }
    stories.push(await explainObject(deps, unlisted(place, version), record, call))
  }
  const more = records.length - stories.length
  const now = surroundings.clock.now()
  const isUnknown = problems.length > 0 && problems.length === asked.length
  const none = [
    `${isUnknown ? 'nobody knows whether a row has it' : 'no row has it'}; asked for: ${asked.join(', ') || 'no table with such a column'}`,
    'a record that was rejected has no rows: silversmith quarantine show has those; of one whose object you know silversmith explain s3://… --record N tells',
  ]
  const text = [
    ...(records.length === 0 ? [...none, ...problems] : []),
    ...stories.map((story) => describeStory(story, undefined, now)),
    ...(more > 0 ? [`and ${isCut ? 'over ' : ''}${more} more records`] : []),
  ]
  return {
    document: { stories, asked, problems, more },
    text: text.join('\n\n'),
    code: stories.length > 0 && stories.every(({ isWell }) => isWell) ? 0 : 1,
  }
}
