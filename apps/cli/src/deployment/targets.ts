import {
  createClickHouseInspector,
  createClickHouseMender,
  createClickHouseTarget,
  tablesOf,
} from '@silversmith/clickhouse'
import type { ClickHouseSettings } from '@silversmith/clickhouse'
import type { Inspector, Mender, Route, Store, Target } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { createSilverInspector, createSilverTarget } from '@silversmith/flow'
import { readParquet } from '@silversmith/parquet'
import type { TargetName } from './deployment-settings.ts'

export interface TargetSettings {
  readonly targets: readonly TargetName[]
  readonly silverPrefix: string
  readonly routes: readonly Route[]
  readonly clickHouse: ClickHouseSettings | undefined
}

/** The targets of a deployment, to put into, to look into and to mend. */
export interface Targets {
  readonly targets: readonly Target[]
  readonly inspectors: readonly Inspector[]
  readonly menders: readonly Mender[]
  /** Names of the tables that routed datasets have. */
  readonly tables: readonly string[]
  close(): Promise<void>
}

export const openTargets = (settings: TargetSettings, store: Store): Targets => {
  const routed = datasets.filter(({ name }) =>
    settings.routes.some(({ dataset }) => dataset === name),
  )
  const prefix = `${settings.silverPrefix}/`
  const retention = { tables: datasets.flatMap((dataset) => dataset.tables), now: Date.now }
  const silver = settings.targets.includes('silver')
    ? {
        targets: [createSilverTarget({ store, prefix })],
        inspectors: [createSilverInspector({ store, prefix, decode: readParquet, retention })],
      }
    : { targets: [], inspectors: [] }
  const names = routed.flatMap(({ tables }) => tables.map(({ name }) => name))
  if (!settings.clickHouse)
    return { ...silver, menders: [], tables: names, close: () => Promise.resolve() }
  const tables = tablesOf(datasets, settings.routes, settings.clickHouse)
  const options = { settings: settings.clickHouse, tables, store }
  const target = createClickHouseTarget(options)
  const inspector = createClickHouseInspector(options)
  const mender = createClickHouseMender(options)
  return {
    targets: [...silver.targets, target],
    inspectors: [...silver.inspectors, inspector],
    menders: [mender],
    tables: names,
    close: async () => {
      await Promise.all([target.close(), inspector.close(), mender.close()])
    },
  }
}
