import type { Column } from '@silversmith/core'
import {
  createParquetRows,
  joinParquet,
  type ParquetOptions,
  type ParquetRows,
} from './file/parquet-file.ts'
import type { RowGroup } from './file/row-group.ts'
import { checkParquet } from './reading/parquet-check.ts'

/** Rows → files, with one set of options. */
export interface ParquetEncoder {
  createRows(columns: readonly Column[]): ParquetRows
  /** One file of all these rows, its footer checked by another reader. The groups are those of `createRows` of the same columns. */
  join(columns: readonly Column[], groups: readonly RowGroup[]): Promise<Uint8Array>
}

export const createParquetEncoder = (options: ParquetOptions = {}): ParquetEncoder => ({
  createRows: (columns) => createParquetRows(columns, options),
  join: async (columns, groups) => {
    const bytes = joinParquet(columns, groups, options.compression)
    const rows = groups.reduce((sum, group) => sum + group.rows, 0)
    await checkParquet(bytes, columns, rows)
    return bytes
  },
})
