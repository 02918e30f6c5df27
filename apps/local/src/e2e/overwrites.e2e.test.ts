import { PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { DuckDBInstance } from '@duckdb/node-api'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { silverPrefix } from '../functions.ts'
import { mirror } from '../account/mirror.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** Keys that are written again: what the view of ClickHouse and the documented query of silver show. */
let tested: TestStack
const { signal } = new AbortController()
const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

const bodyOf = (...carriers: readonly string[]): Buffer =>
  Buffer.from(
    carriers
      .map((carrier, n) => {
        // Of two months, so that a version is several chunks.
        const event_time = `2026-0${1 + (n % 2)}-11T14:05:02Z`
        return JSON.stringify({ event_time, carrier })
      })
      .join('\n'),
  )

const page = fileURLToPath(new URL('../../../../docs/reference/overwrites.md', import.meta.url))
const readSilver = async (): Promise<readonly string[]> => {
  const text = await readFile(page, 'utf8')
  const [, query = ''] = /```sql\n(.*?)```/s.exec(text) ?? []
  await mirror(tested.stack, silverPrefix)
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  const path = `${tested.stack.dir}/${silverPrefix}/`
  const result = await duckdb.runAndReadAll(query.replaceAll("'silver/", `'${path}`))
  const rows = result.getRowObjects()
  duckdb.closeSync()
  return rows.map((row) => `${String(row['_source'])} ${String(row['carrier'])}`).toSorted()
}
const readClickHouse = async (): Promise<readonly string[]> => {
  const rows = await tested.query<Readonly<Record<string, unknown>>>(
    'SELECT _source, carrier FROM shipments_current',
  )
  return rows.map((row) => `${String(row['_source'])} ${String(row['carrier'])}`).toSorted()
}

beforeAll(async () => {
  tested = await startTestStack({
    routes: [{ prefix: 'shipments/', suffixes: ['.jsonl'], dataset: 'shipments' }],
    environment: { OVERWRITES: 'shipments=supersede' },
    tuning: { mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 } },
  })
  const { clients, resources } = tested.stack
  await clients.s3.send(
    new PutBucketVersioningCommand({
      Bucket: resources.bronzeBucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  )
  tested.stack.start()
})

afterAll(async () => {
  await tested?.close()
})

it('shows the newest version of each key, and nothing of the others', async () => {
  const [a, b] = [bodyOf('A1', 'A2', 'A3'), bodyOf('B1', 'B2')]
  for (const body of [a, b]) await tested.upload('shipments/aba.jsonl', body)
  await tested.upload('shipments/once.jsonl', bodyOf('once'))
  await tested.upload('shipments/emptied.jsonl', bodyOf('old'))
  await settle()
  await tested.upload('shipments/aba.jsonl', a)
  await tested.upload('shipments/emptied.jsonl', Buffer.from('not json'))
  await settle()
  const bucket = `s3://${tested.stack.resources.bronzeBucket}/shipments`
  const wanted = [
    ...['A1', 'A2', 'A3'].map((carrier) => `${bucket}/aba.jsonl ${carrier}`),
    `${bucket}/once.jsonl once`,
  ]
  expect(await readClickHouse()).toEqual(wanted)
  expect(await readSilver()).toEqual(wanted)
})
