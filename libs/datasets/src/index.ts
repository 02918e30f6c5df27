export { datasetOf, datasets, defaultRoutes } from './registry.ts'
export type { BronzeRecord, BronzeSample } from './bronze-sample.ts'
export { sampleBronze } from './bronze-sample.ts'
export { sampleRecords, sampleTypes } from './sample-records.ts'
export type { Compiled, Facts, Rule } from './rule.ts'
export { compileRules } from './rule.ts'
export { pathText } from './path.ts'
export { parseTimestamp, plausibleTimes } from './timestamp.ts'
export { sqsMessages } from './sqs-messages/dataset.ts'
export { eventRules } from './xapi-events/rules.ts'
export { invoiceLines } from './invoice-lines/dataset.ts'
export { rawObjects } from './raw-objects/dataset.ts'
export { shipments } from './shipments/dataset.ts'
export { trackingEvents } from './tracking-events/dataset.ts'
export { xapiEvents } from './xapi-events/dataset.ts'
export { xapiStatements } from './xapi-statements/dataset.ts'
export type {
  Sample,
  SampleExpectation,
  SampleObject,
  SampleOptions,
  SampleRecord,
} from './xapi-events/sample.ts'
export { sampleObjects } from './xapi-events/sample.ts'
export { mapFixture, writeOutcome } from './fixture.ts'
export {
  columnsMax,
  createInference,
  type Inferred,
  type InferredColumn,
} from './inference/inference.ts'
export { column, createRowDataset, type RowDataset, type RowRule } from './row-dataset.ts'
