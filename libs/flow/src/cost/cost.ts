export {
  type Bill,
  billOf,
  bytesPerGb,
  idleOf,
  keptOf,
  lambdaDollars,
  recordsOf,
  timesOf,
  totalOf,
} from './bill.ts'
export {
  type BatchShape,
  idempotencyWritesPerObject,
  indexWritesPerBatch,
  ledgerUnits,
  shapeOf,
  sqsRequests,
  type TransformCalls,
  transformCalls,
} from './calls.ts'
export {
  assumedDeployment,
  type Architecture,
  architectures,
  type Deployment,
  type FunctionDeployment,
} from './deployment.ts'
export {
  figureMeanings,
  type Figures,
  type Inputs,
  limitMeanings,
  type Numbers,
  priceMeanings,
  type Prices,
  type ServiceLimits,
} from './figures.ts'
export {
  cpuShareOf,
  gatheredOf,
  ingestInvocation,
  type Invocation,
  readMost,
  type Traffic,
  transformCpuSeconds,
  transformInvocation,
  transformMost,
  transformWaitSeconds,
} from './invocation.ts'
export { pricesDate, usualInputs } from './usual.ts'
