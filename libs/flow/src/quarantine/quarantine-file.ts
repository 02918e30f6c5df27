import type { ObjectRef } from '@silversmith/core'

/** Where quarantine files are. */
export interface QuarantinePlace {
  readonly bucket: string
  /** Ends with a slash. */
  readonly prefix: string
}

/** What the key of a quarantine file says. */
export interface QuarantineFile {
  readonly dataset: string
  readonly reason: string
  /** `YYYY-MM-DD`, UTC, of the batch. */
  readonly day: string
  readonly batch: string
  /** 0-based among the batch's files. */
  readonly n: number
}

export const quarantineKeyOf = (
  prefix: string,
  { dataset, reason, day, batch, n }: QuarantineFile,
): string => `${prefix}${dataset}/reason=${reason}/dt=${day}/${batch}-${n}.jsonl`

/** Undefined: nothing that was written record by record; a refused chunk of Parquet is none either. */
export const readQuarantineKey = (prefix: string, key: string): QuarantineFile | undefined => {
  if (!key.startsWith(prefix)) return undefined
  const [, dataset, reason, day, batch, n] =
    /^([^/]+)\/reason=([^/]+)\/dt=(\d{4}-\d\d-\d\d)\/([^/]+)-(\d+)\.jsonl$/.exec(
      key.slice(prefix.length),
    ) ?? []
  if (!dataset || !reason || !day || !batch) return undefined
  return { dataset, reason, day, batch, n: Number(n) }
}

/** A source that is one of our own quarantine files: its records are those it keeps of others. */
export const isQuarantineFile = (
  { bucket, prefix }: QuarantinePlace,
  object: Pick<ObjectRef, 'bucket' | 'key'>,
): boolean => object.bucket === bucket && readQuarantineKey(prefix, object.key) !== undefined
