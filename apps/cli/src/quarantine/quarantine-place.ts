import { createSqsQueue } from '@silversmith/aws'
import type { QuarantineFilter, ReplayDeps } from '@silversmith/flow'
import type { CommandOf } from '../command.ts'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import { needDataset } from '../deployment/known-dataset.ts'
import { silentLog } from '../deployment/silent-log.ts'
import { startOf } from '../text/since.ts'
import type { Surroundings } from '../surroundings.ts'

const settings = {
  ...deploymentSettings.objects,
  quarantinePrefix: deploymentSettings.targets.quarantinePrefix,
}

/** A listing of years reads a page of a thousand files in a second or two. */
export const quarantineMs = 1_800_000

/** Works on the quarantine of a deployment; its connections end with it. @throws UsageError */
export const atQuarantine = async <Result>(
  { environment, clock }: Surroundings,
  dir: string | undefined,
  work: (deps: ReplayDeps) => Promise<Result>,
): Promise<Result> => {
  const deployment = await findDeployment(environment, dir)
  const values = readDeployment(deployment, settings)
  const { clients, ...ports } = openCloud(deployment, values)
  const queue = createSqsQueue({ client: clients.sqs, queueUrl: values.objectsQueueUrl })
  const quarantineFiles = { bucket: values.silverBucket, prefix: `${values.quarantinePrefix}/` }
  try {
    const { pipeline } = values
    return await work({ ...ports, pipeline, queue, clock, log: silentLog, quarantineFiles })
  } finally {
    clients.destroy()
  }
}

type Asked = Pick<CommandOf<'quarantine list'>, 'dataset' | 'reason' | 'since' | 'until'>

/** @throws UsageError */
export const filterOf = (
  { dataset, reason, since, until }: Asked,
  now: number,
): QuarantineFilter => {
  needDataset(dataset)
  return {
    ...{ dataset, reason },
    ...{ since: startOf(since, now), until: startOf(until, now, 'until') },
  }
}
