import { createUlid } from '@silversmith/aws'
import { datasets } from '@silversmith/datasets'
import type { TransformDeps } from '@silversmith/flow'
import { createParquetEncoder } from '@silversmith/parquet'
import type { parseConfig } from './config.ts'

/** What transform reaches the world with. */
export type Adapters = Pick<
  TransformDeps,
  'targets' | 'bronze' | 'store' | 'ledger' | 'clock' | 'log'
>

/** The flow's side of the settings: every one of them that it takes. */
export const transformDepsOf = (
  config: ReturnType<typeof parseConfig>,
  adapters: Adapters,
): TransformDeps => ({
  ...adapters,
  pipeline: config.pipeline,
  datasets,
  routes: config.routes,
  contracts: config.contracts,
  overwrites: config.overwrites,
  ids: { next: () => createUlid(adapters.clock.now()) },
  encoder: createParquetEncoder({
    compression: config.compression,
    rowGroupBytes: config.limits.rowGroupBytesMax,
  }),
  limits: config.limits,
  quarantineFiles: { bucket: config.silverBucket, prefix: `${config.quarantinePrefix}/` },
  leaseMarginMs: config.leaseMarginMs,
  breaker: { failuresMax: config.breakerFailuresMax, openMs: config.breakerOpenMs },
})
