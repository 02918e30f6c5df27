import type { Limits } from '@silversmith/core'
import type { Delivery } from '@silversmith/flow'
import { createSilverTarget, createTransform } from '@silversmith/flow'
import type { Compression } from '@silversmith/parquet'
import { createParquetEncoder } from '@silversmith/parquet'
import type { Invocation } from './invocation.ts'
import type { Mapping } from './note-dataset.ts'
import { noteDatasetOf } from './note-dataset.ts'
import type { Ports } from './simulated-ports.ts'

/** What a deploy changes. */
export interface Release {
  readonly mapping: Mapping
  readonly compression: Compression
}

export const firstRelease: Release = { mapping: 1, compression: 'snappy' }

export interface SandboxOptions {
  readonly pipeline: string
  readonly limits: Limits
  readonly release: Release
  readonly leaseMarginMs: number | undefined
  readonly hold: <Result>(work: Promise<Result>) => Promise<Result>
}

/** A warm process of the transform function: what it made at its first invocation serves all that follow. */
export interface Sandbox {
  transform(
    deliveries: readonly Delivery[],
    ports: Ports,
    self: Invocation,
  ): Promise<readonly string[]>
}

/** A port that is, at each call, that of the invocation now in the sandbox. */
const relay = <Port extends object>(port: () => Port): Port =>
  new Proxy({} as Port, { get: (_, name): unknown => Reflect.get(port(), name) })

export const createSandbox = (options: SandboxOptions): Sandbox => {
  const { pipeline, limits, release, leaseMarginMs, hold } = options
  let current: Ports | undefined
  const now = (): Ports => {
    if (!current) throw new Error('a port was used before the first invocation')
    return current
  }
  const store = relay(() => now().store)
  const { createRows, join } = createParquetEncoder({ compression: release.compression })
  const encoder = {
    createRows,
    join: (...own: Parameters<typeof join>) => hold(join(...own)),
  }
  const transform = createTransform({
    ...{ pipeline, limits, store, encoder },
    contracts: {},
    overwrites: {},
    quarantineFiles: { bucket: 'silver', prefix: 'quarantine/' },
    bronze: relay(() => now().bronze),
    ledger: relay(() => now().ledger),
    clock: relay(() => now().clock),
    ids: relay(() => now().ids),
    log: relay(() => now().log),
    datasets: [noteDatasetOf(release.mapping)],
    targets: [createSilverTarget({ store, prefix: 'silver/' }), relay(() => now().clickHouse)],
    ...(leaseMarginMs !== undefined && { leaseMarginMs }),
  })
  return {
    transform: (deliveries, ports, self) => {
      current = ports
      return transform(deliveries, self)
    },
  }
}
