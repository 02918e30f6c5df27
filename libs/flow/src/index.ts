export { applyBatch, backoffMs, blindApplyMsMax } from './apply.ts'
export type { Encode } from './chunk-builder.ts'
export { describeFailure } from './failure.ts'
export {
  type Arrival,
  createIngest,
  type Ingest,
  type IngestDeps,
  type Ingested,
  type SendKey,
  type SendOnce,
} from './ingest.ts'
export { manifestPrefix, readManifest, stagingPrefix } from './manifest.ts'
export type { Call } from './patience.ts'
export { createSilverTarget, silverKeyOf } from './silver-target.ts'
export { createSweep, type SweepDeps, type SweepResult } from './sweep.ts'
export { defaultLeaseMarginMs, type TransformDeps, triesMax } from './batch-run.ts'
export { createTransform, type Delivery } from './transform.ts'
