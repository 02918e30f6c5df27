import type {
  BreakerView,
  OpenProblem,
  OpenWork,
  QuarantineCount,
  RecentWork,
} from '@silversmith/flow'
import {
  countOpen,
  countQuarantine,
  describeFailure,
  listProblems,
  readOpenBatches,
  readRecentWork,
  viewBreakers,
} from '@silversmith/flow'
import type { EventMapping, PipelinePin, QueueDepth } from '@silversmith/core'
import { reloadsTable } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { attentionOf } from './attention.ts'
import { openMappings, openMeters } from './intake.ts'
import { openDeadLetters } from '../deployment/letters.ts'
import { describeStatus } from './status-text.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

/** A queue, its dead letters, and what it feeds. */
export interface QueueStatus extends QueueDepth {
  readonly queue: string
  /** About; undefined: it could not be asked. */
  readonly dead: number | undefined
  /** Undefined: they could not be asked for. */
  readonly mappings: readonly EventMapping[] | undefined
}

export interface Status {
  readonly pipeline: string
  /** Epoch ms. */
  readonly at: number
  readonly queues: readonly QueueStatus[]
  readonly open:
    | {
        readonly work: readonly OpenWork[]
        readonly problems: readonly OpenProblem[]
        readonly isCut: boolean
      }
    | undefined
  readonly breakers: readonly BreakerView[] | undefined
  readonly lastHour: RecentWork | undefined
  readonly quarantine: readonly QuarantineCount[] | undefined
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[]
  /** What a person should do something about, with the command. */
  readonly attention: readonly string[]
}

const statusMs = 120_000
const hourMs = 3_600_000
/** Open batches that are counted. */
const openMax = 10_000

const settings = {
  ...deploymentSettings.objects,
  ...deploymentSettings.deadLetters,
  quarantinePrefix: deploymentSettings.targets.quarantinePrefix,
}

/** Exit code 1 when something needs a person, or could not be looked at. */
export const runStatus = async (
  { dir }: CommandOf<'status'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const status = await readStatus(surroundings, dir)
  return {
    document: status,
    text: describeStatus(status),
    code: status.attention.length + status.unseen.length > 0 ? 1 : 0,
  }
}

/** What cannot be looked at is told, and costs the others nothing. */
const readStatus = async (surroundings: Surroundings, dir: string | undefined): Promise<Status> => {
  const { environment, clock, progress } = surroundings
  const deployment = await findDeployment(environment, dir)
  const values = readDeployment(deployment, settings)
  const cloud = openCloud(deployment, values)
  const mappings = openMappings(deployment)
  const { pipeline } = values
  const call = callOf(surroundings, statusMs)
  const unseen: string[] = []
  const see = async <Seen>(what: string, look: () => Promise<Seen>): Promise<Seen | undefined> => {
    try {
      return await look()
    } catch (error) {
      const { code, message } = describeFailure(error)
      unseen.push(`${what}: ${code}: ${message}`)
      return undefined
    }
  }
  const deps = { ...cloud, pipeline, clock }
  const quarantineFiles = { bucket: values.silverBucket, prefix: `${values.quarantinePrefix}/` }
  progress.show('looking')
  try {
    const dead = openDeadLetters(cloud, values)
    const queues = openMeters(cloud, values).map((meter, at) =>
      see(`queue ${meter.name}`, async (): Promise<QueueStatus> => {
        const depth = await meter.measure(call.signal)
        const name = meter.name
        const [letters, own] = await Promise.all([
          see(`dead letters of ${name}`, async () => dead[at]?.count(call.signal)),
          see(`mappings of ${name}`, () => mappings.list(depth.queueArn, call.signal)),
        ])
        return { queue: name, ...depth, dead: letters, mappings: own }
      }),
    )
    const [open, breakers, lastHour, quarantine, ...seen] = await Promise.all([
      see('open batches', async () => {
        const batches = await readOpenBatches(deps, pipeline, openMax, call)
        const work = countOpen(batches, clock.now())
        return { work, problems: listProblems(batches), isCut: batches.length >= openMax }
      }),
      see('breakers', async () => {
        const key = { kind: 'pipeline', id: pipeline } as const
        const [pin] = await cloud.ledger.read([key], call.signal)
        const { targets = [] } = (pin?.item ?? {}) as Partial<PipelinePin>
        return viewBreakers(deps, targets, tableNames, call)
      }),
      see('the last hour', () => readRecentWork(deps, clock.now() - hourMs, call)),
      see('quarantine', () => countQuarantine({ ...deps, quarantineFiles }, call)),
      ...queues,
    ])
    const parts = {
      ...{ pipeline, at: clock.now(), open, breakers, lastHour, quarantine, unseen },
      queues: seen.filter((one) => one !== undefined),
    }
    return { ...parts, attention: attentionOf(parts) }
  } finally {
    progress.end()
    mappings.close()
    cloud.clients.destroy()
  }
}

const tableNames = [
  ...datasets.flatMap(({ tables }) => tables.map(({ name }) => name)),
  reloadsTable.name,
]
