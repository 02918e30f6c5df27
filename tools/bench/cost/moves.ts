import {
  type Deployment,
  type Inputs,
  type ServiceLimits,
  transformMost,
} from '@silversmith/flow/cost'
import { defaultLimits } from '@silversmith/core'
import { withIngest, withTransform } from './deployment.ts'

/** All a capacity depends on but the rate. */
export interface Setup {
  readonly inputs: Inputs
  readonly deployment: Deployment
  readonly objectBytes: number
  readonly days: number
}

/** What of one limit such a rate takes. */
export interface Limit {
  readonly name: string
  readonly unit: string
  readonly demand: (setup: Setup, objectsPerSecond: number) => number
  readonly supply: (setup: Setup) => number
  /** Settings that may move it, moved; the cheapest first. Which of them does is computed: `moveOf`. */
  readonly moves: readonly ((setup: Setup) => Move)[]
}

export interface Move {
  readonly setting: string
  readonly setup: Setup
}

export const withDeployment = (setup: Setup, deployment: Deployment): Setup => ({
  ...setup,
  deployment,
})

export const withLimits = (setup: Setup, change: Partial<ServiceLimits>): Setup => ({
  ...setup,
  inputs: { ...setup.inputs, limits: { ...setup.inputs.limits, ...change } },
})

export const moveIngestMemory = (setup: Setup): Move => {
  const { memoryMb: before } = setup.deployment.ingest
  const memoryMb = Math.max(before, setup.inputs.limits.lambdaMbPerCpu)
  return {
    setting: `memory of ingest: ${before} to ${memoryMb} MB`,
    setup: withDeployment(setup, withIngest(setup.deployment, { memoryMb })),
  }
}

export const raise =
  (name: keyof ServiceLimits, factor: number, how: string) =>
  (setup: Setup): Move => {
    const before = setup.inputs.limits[name]
    const after = before * factor
    return { setting: `${how}: ${before} to ${after}`, setup: withLimits(setup, { [name]: after }) }
  }

export const smaller = 10
export const moveBatchSize = (setup: Setup): Move => {
  const { transform } = setup.deployment
  const batchSize = Math.max(1, Math.floor(transformMost(setup.inputs, setup.deployment) / smaller))
  return {
    setting: `BatchSize of transform's mapping: ${transform.batchSize} to ${batchSize}`,
    setup: withDeployment(setup, withTransform(setup.deployment, { batchSize })),
  }
}

const longWindowSeconds = 60
export const moveWindow = (setup: Setup): Move => {
  const { windowSeconds: before } = setup.deployment.transform
  const windowSeconds = Math.max(before, longWindowSeconds)
  return {
    setting: `MaximumBatchingWindowInSeconds of transform's mapping: ${before} to ${windowSeconds}`,
    setup: withDeployment(setup, withTransform(setup.deployment, { windowSeconds })),
  }
}

const bytesPerMib = 1_024 ** 2
export const moveChunkBytes = (setup: Setup): Move => {
  const { figures } = setup.inputs
  const before = defaultLimits.chunkBytesMax / bytesPerMib
  const inputs = {
    ...setup.inputs,
    figures: { ...figures, jsonMbPerChunk: figures.jsonMbPerChunk * 2 },
  }
  return { setting: `MAX_CHUNK_BYTES: ${before} to ${before * 2} MiB`, setup: { ...setup, inputs } }
}
