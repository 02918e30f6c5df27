import { createClickHouseEraser, tablesOf } from '@silversmith/clickhouse'
import type { Clock, Eraser, Store } from '@silversmith/core'
import { reloadsTable } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { createFileEraser } from '@silversmith/flow'
import { encodeParquet, readColumnNames, readParquet, readParquetTable } from '@silversmith/parquet'
import type { TargetSettings } from '../deployment/targets.ts'

export interface Erasers {
  readonly erasers: readonly Eraser[]
  close(): Promise<void>
}

/** Of the targets of a deployment, and of the chunks they refused. */
export const openErasers = (
  settings: TargetSettings & { readonly quarantinePrefix: string },
  store: Store,
  clock: Clock,
): Erasers => {
  const { targets, routes, silverPrefix, quarantinePrefix, clickHouse } = settings
  const tables = [...datasets.flatMap((dataset) => dataset.tables), reloadsTable]
  const ofFiles = (name: string, folderOf: (table: string) => string): Eraser =>
    createFileEraser({
      ...{ name, store, clock, tables, folderOf },
      ...{
        decode: readParquet,
        columnsOf: readColumnNames,
        readTable: readParquetTable,
        encode: encodeParquet,
      },
    })
  const files = [
    ...(targets.includes('silver')
      ? [ofFiles('silver', (table) => `${silverPrefix}/${table}/`)]
      : []),
    ofFiles('refused', (table) => `${quarantinePrefix}/${table}/reason=refused/`),
  ]
  if (!clickHouse) return { erasers: files, close: () => Promise.resolve() }
  const own = tablesOf(datasets, routes, clickHouse)
  const eraser = createClickHouseEraser({ settings: clickHouse, tables: own })
  return { erasers: [eraser, ...files], close: () => eraser.close() }
}
