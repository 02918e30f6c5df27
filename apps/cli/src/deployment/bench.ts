import type { Answer } from '../answer.ts'
import type { Cloud } from './deployment.ts'
import { findDeployment, openCloud, readDeployment } from './deployment.ts'
import { deploymentSettings } from './deployment-settings.ts'
import type { Surroundings } from '../surroundings.ts'
import type { Targets } from './targets.ts'
import { openTargets } from './targets.ts'

/** What the flows take that change batches or claims by hand. */
export interface Bench {
  readonly pipeline: string
  readonly silverPrefix: string
  readonly quarantinePrefix: string
  readonly cloud: Cloud
  readonly targets: Targets
}

/** Opens all a changing command needs, and closes it after `work`. @throws UsageError */
export const atBench = async (
  { environment }: Surroundings,
  dir: string | undefined,
  work: (bench: Bench) => Promise<Answer>,
): Promise<Answer> => {
  const deployment = await findDeployment(environment, dir)
  const { routes } = deploymentSettings.bronze
  const values = readDeployment(deployment, { ...deploymentSettings.targets, routes })
  const cloud = openCloud(deployment, values)
  const targets = openTargets(values, cloud.store)
  try {
    return await work({
      ...{ pipeline: values.pipeline, cloud, targets },
      silverPrefix: `${values.silverPrefix}/`,
      quarantinePrefix: `${values.quarantinePrefix}/`,
    })
  } finally {
    await targets.close()
    cloud.clients.destroy()
  }
}
