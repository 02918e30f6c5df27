import { UsageError } from '../usage-error.ts'

/** Where reconcile looks. */
export interface Place {
  readonly bucket: string
  readonly prefix: string
}

/** A prefix may be written as findings write it, with its bucket. @throws UsageError for a bucket that is not ours. */
export const placesOf = (
  buckets: readonly string[],
  prefixes: readonly string[],
): readonly Place[] =>
  (prefixes.length === 0 ? [''] : prefixes).flatMap((prefix) => {
    const [, named, own = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(prefix) ?? []
    if (named === undefined) return buckets.map((bucket) => ({ bucket, prefix }))
    if (buckets.includes(named)) return [{ bucket: named, prefix: own }]
    throw new UsageError(
      `--prefix ${prefix}: the bucket ${named} is not one of ours: ${buckets.join(', ')}`,
    )
  })
