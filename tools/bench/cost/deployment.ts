import { openShardsOf } from '@silversmith/aws'
import { defaultDeduplicationWindow } from '@silversmith/clickhouse'
import type { Deployment, FunctionDeployment } from '@silversmith/flow/cost'
import { functionSizes, mappingSettings } from '@silversmith/local'

/** Whose mapping feeds the function. */
const queueOf = { ingest: 'arrivals', transform: 'objects' } as const

const functionOf = (name: 'ingest' | 'transform'): FunctionDeployment => ({
  memoryMb: functionSizes[name].memoryMib,
  timeoutSeconds: functionSizes[name].timeoutMs / 1_000,
  batchSize: mappingSettings[queueOf[name]].batchSize,
  windowSeconds: mappingSettings[queueOf[name]].windowMs / 1_000,
})

/** As the stack of `npm start` has it. */
export const stackDeployment: Deployment = {
  ...{ architecture: 'x86', ingest: functionOf('ingest'), transform: functionOf('transform') },
  ...{ openShards: openShardsOf('').length, tokens: defaultDeduplicationWindow },
  ...{ bronzePrefixes: 1, silverPrefixes: 1 },
}

export const withTransform = (
  deployment: Deployment,
  change: Partial<FunctionDeployment>,
): Deployment => ({ ...deployment, transform: { ...deployment.transform, ...change } })

export const withIngest = (
  deployment: Deployment,
  change: Partial<FunctionDeployment>,
): Deployment => ({ ...deployment, ingest: { ...deployment.ingest, ...change } })

/** The window of both mappings. */
export const withWindow = (deployment: Deployment, windowSeconds: number): Deployment =>
  withIngest(withTransform(deployment, { windowSeconds }), { windowSeconds })
