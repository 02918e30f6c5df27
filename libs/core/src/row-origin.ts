/** Rows that come from an object version, or from one record of it. */
export interface RowOrigin {
  /** `s3://bucket/key` */
  readonly source: string
  readonly version: string
  readonly record?: number
}

/** Of a row with the columns of its identity. */
export const isRowFrom = (
  row: Readonly<Record<string, unknown>>,
  { source, version, record }: RowOrigin,
): boolean =>
  row['_source'] === source &&
  row['_version'] === version &&
  (record === undefined || Number(row['_record']) === record)
