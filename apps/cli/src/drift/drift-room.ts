import { type DriftReport, reportDrift } from '@silversmith/flow'
import { findDeployment, openCloud, readDeployment } from '../deployment/deployment.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'
import type { Since } from '../command.ts'
import { needDataset } from '../deployment/known-dataset.ts'
import { startOf } from '../text/since.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

interface Asked {
  readonly dir: string | undefined
  readonly dataset: string | undefined
  readonly since: Since | undefined
}

/** Manifests of years are read at some hundred a second. */
const driftMs = 1_800_000
const weekMs = 7 * 86_400_000

/** What a deployment's batches tell of their drift. @throws UsageError */
export const readDrift = async (
  { dir, dataset, since }: Asked,
  surroundings: Surroundings,
): Promise<{
  readonly deployment: Deployment
  readonly values: ReturnType<typeof readValues>
  readonly since: number
  readonly report: DriftReport
}> => {
  const asked = needDataset(dataset)
  const { clock, progress, environment } = surroundings
  const deployment = await findDeployment(environment, dir)
  const values = readValues(deployment)
  const { clients, store, ledger } = openCloud(deployment, values)
  const start = startOf(since, clock.now()) ?? clock.now() - weekMs
  progress.show('reading manifests')
  try {
    const deps = { pipeline: values.pipeline, store, ledger, clock }
    const call = callOf(surroundings, driftMs)
    return {
      deployment,
      values,
      since: start,
      report: await reportDrift(deps, { since: start, dataset: asked }, call),
    }
  } finally {
    progress.end()
    clients.destroy()
  }
}

const readValues = (deployment: Deployment) =>
  readDeployment(deployment, { contracts: deploymentSettings.targets.contracts })
