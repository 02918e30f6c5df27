export type { FunctionName } from './bundles.ts'
export { functionNames } from './bundles.ts'
export { describe, judge } from './chaos/judgement.ts'
export type { Due, Judgement } from './chaos/judgement.ts'
export { expect } from './chaos/expectation.ts'
export type { Expectation } from './chaos/expectation.ts'
export { startClickHouse } from './clickhouse/engine.ts'
export type { ClickHouseEngine } from './clickhouse/engine.ts'
export { describeStatus, drain, isEmpty } from './drain.ts'
export type { Status } from './drain.ts'
export {
  environmentOf,
  functionSizes,
  mappingSettings,
  pipeline,
  silverPrefix,
} from './functions.ts'
export type { FunctionContext } from './functions.ts'
export { readHistory } from './account/history.ts'
export type { SealedBatch } from './account/history.ts'
export type { InputObject } from './input/input-object.ts'
export { readArrived, table } from './kill/arrived.ts'
export type { Arrived } from './kill/arrived.ts'
export { ask, linesOf } from './kill/engine-question.ts'
export { mirror } from './account/mirror.ts'
export { sizes } from './sizes.ts'
export { createS3Server } from './s3/server.ts'
export { startStack } from './stack.ts'
export type { Stack, Tuning } from './stack.ts'
export { copyCheckout } from './e2e/test-checkout.ts'
export { uploadAll } from './input/upload.ts'
export type { Uploaded } from './input/upload.ts'
