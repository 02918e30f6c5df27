import { createClickHouseTarget, tablesOf } from '@silversmith/clickhouse'
import type { Store, Target } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { createSilverTarget } from '@silversmith/flow'
import type { parseConfig } from './config.ts'

/** The targets of the settings. */
export const openTargets = (
  config: ReturnType<typeof parseConfig>,
  store: Store,
): readonly Target[] => {
  const { targets, silverPrefix, routes, clickHouse: settings } = config
  return [
    ...(targets.includes('silver')
      ? [createSilverTarget({ store, prefix: `${silverPrefix}/` })]
      : []),
    ...(settings
      ? [createClickHouseTarget({ settings, tables: tablesOf(datasets, routes, settings), store })]
      : []),
  ]
}
