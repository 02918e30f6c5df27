import { defaultLimits } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { type Adapters, transformDepsOf } from './transform-deps.ts'

const adapters = { clock: { now: () => 0 }, targets: [], log: {} } as unknown as Adapters

const depsOf = (settings: Record<string, string>) =>
  transformDepsOf(
    parseConfig({
      ...{ LEDGER_TABLE_NAME: 'ledger', SILVER_BUCKET: 'silver', TARGETS: 'silver' },
      ...settings,
    }),
    adapters,
  )

test('every setting of the flow reaches it', () => {
  const routes = [{ prefix: 'a/', suffixes: [], dataset: 'shipments' }]
  const deps = depsOf({
    PIPELINE: 'blue',
    ROUTES: JSON.stringify(routes),
    QUARANTINE_PREFIX: 'refused',
    LEASE_MARGIN_MS: '1234',
    MAX_ROWS_PER_INSERT: '7',
    MAX_CHUNK_BYTES: '8MiB',
    MAX_S3_OBJECT_BYTES: '9MiB',
    MAX_RECORD_BYTES: '10MiB',
    MAX_DECOMPRESSED_BYTES: '11MiB',
  })
  const mib = 2 ** 20
  expect(deps).toMatchObject({
    ...adapters,
    datasets,
    routes,
    pipeline: 'blue',
    quarantineFiles: { bucket: 'silver', prefix: 'refused/' },
    leaseMarginMs: 1_234,
    limits: {
      ...defaultLimits,
      chunkRowsMax: 7,
      chunkBytesMax: 8 * mib,
      objectBytesMax: 9 * mib,
      recordBytesMax: 10 * mib,
      decompressedBytesMax: 11 * mib,
    },
  })
})

test('the codec of the setting is the codec of the files', async () => {
  const column = { name: 'a', type: 'text', nullable: false, description: 'a' } as const
  const rows = [['x'.repeat(10_000)]]
  const sizeOf = async (codec: string): Promise<number> => {
    const { encoder } = depsOf({ PARQUET_COMPRESSION: codec })
    const own = encoder.createRows([column])
    rows.forEach((row) => own.add(row))
    return (await encoder.join([column], [...own.finish().values()].flat())).byteLength
  }
  expect(await sizeOf('none')).toBeGreaterThan(10_000)
  expect(await sizeOf('gzip')).toBeLessThan(1_000)
})

test('batches get ids of their own, in the order of the clock', () => {
  const { ids } = depsOf({})
  expect(ids.next()).toMatch(/^0{10}[0-9A-Z]{16}$/)
  expect(ids.next()).not.toBe(ids.next())
})

test('a small function holds less open than a large one', () => {
  const of = (memory: string) => depsOf({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory })
  expect(of('3008').limits).toEqual(defaultLimits)
  const { limits, encoder } = of('512')
  expect(limits.openBytesMax).toBeLessThan(64 * 2 ** 20)
  expect(limits.recordBytesMax).toBe(defaultLimits.recordBytesMax)
  const rows = encoder.createRows([
    { name: 'a', type: 'binary', nullable: false, description: 'a' },
  ])
  const megabyte = new Uint8Array(2 ** 20)
  for (let n = 0; n < 40; n += 1) rows.add([megabyte])
  expect(rows.openBytes).toBeLessThan(limits.rowGroupBytesMax)
  expect(rows.heldBytes).toBeLessThan(limits.rowGroupBytesMax)
})
