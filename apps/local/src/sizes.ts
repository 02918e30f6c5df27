import { readFileSync } from 'node:fs'

/** What Terraform deploys, in the units of the names. */
export interface Sizes {
  readonly functions: Readonly<
    Record<
      'ingest' | 'transform' | 'bulk',
      { readonly timeout_seconds: number; readonly memory_mib: number }
    >
  >
  readonly mappings: Readonly<
    Record<
      'arrivals' | 'objects' | 'bulk' | 'messages',
      {
        readonly function: 'ingest' | 'transform' | 'bulk'
        readonly batch_size: number
        readonly window_seconds: number
        readonly concurrency_max: number
      }
    >
  >
  readonly queues: { readonly max_receive_count: number; readonly retention_seconds: number }
  readonly lease_margin_ms: number
  readonly clickhouse: { readonly timeout_seconds: number; readonly deduplication_window: number }
}

const path = new URL('../../../terraform/modules/pipeline/sizes.json', import.meta.url)

/** The numbers of a deployment, from the one place that has them. */
export const sizes = JSON.parse(readFileSync(path, 'utf8')) as Sizes
