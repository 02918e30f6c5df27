import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChaos } from '../chaos/chaos.ts'
import type { Chaos } from '../chaos/chaos.ts'
import { reportOf } from '../chaos/report.ts'
import { silverPrefix } from '../functions.ts'
import { listKeys } from '../account/history.ts'
import { ask } from '../kill/engine-question.ts'

/** Its fire kills ingest once and transform twice. */
const seed = 3
const seconds = 8
const none = { lost: [], duplicated: [], extra: [] }

let dir: string
let chaos: Chaos

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-chaos-'))
  chaos = await startChaos({
    ...{ dir, seed, seconds },
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
})

afterAll(async () => {
  await chaos?.close()
  await rm(dir, { recursive: true, force: true })
})

const askEngine = (statement: string): Promise<string> => ask(chaos.engineUrl(), statement)

test('after kills, pauses and crashes every record is there once at each of its places', async () => {
  const report = await reportOf(chaos, { minutes: seconds / 60, seed, startedAt: Date.now() })
  expect(report).toMatchObject({
    ...{ lost: 0, duplicated: 0, extra: 0, problems: [] },
    quarantine: { lost: 0, duplicated: 0, extra: 0 },
  })
  const { ingest, transform, bulk } = report.kills
  expect(ingest + transform + bulk).toBe(3)
  expect(transform).toBe(2)
  expect(report.engineRestarts).toBeGreaterThanOrEqual(1)
  expect(report.pauses).toBeGreaterThanOrEqual(1)
  expect(report.eventsSent).toBe(2 * report.objects)
  expect(report.redelivered).toBeGreaterThan(0)
  expect(report.rows).toBeGreaterThan(10 * report.objects)
})

test('the oracle sees one row that is twice in the table, and its identity', async () => {
  const [row = ''] = chaos.ordeal.load.rows
  const copy = `INSERT INTO raw_events SELECT * FROM raw_events
    WHERE concat(_source, ' ', _version, ' ', toString(_record)) = '${row.split(' ').slice(0, -2).join(' ')}'
    SETTINGS insert_deduplicate = 0`
  await askEngine(copy)
  const { clickhouse, silver, quarantine } = await chaos.judge()
  expect(clickhouse).toEqual({ ...none, duplicated: [row] })
  expect({ silver, quarantine }).toEqual({ silver: none, quarantine: none })
})

test('the oracle sees one row that is gone from the table', async () => {
  const row = [...chaos.ordeal.load.rows].at(-1) ?? ''
  const place = row.split(' ').slice(0, -2).join(' ')
  await askEngine('SYSTEM START MERGES raw_events')
  await askEngine(`DELETE FROM raw_events
    WHERE concat(_source, ' ', _version, ' ', toString(_record)) = '${place}'
    SETTINGS lightweight_deletes_sync = 2`)
  expect((await chaos.judge()).clickhouse.lost).toEqual([row])
})

test('the oracle sees the rows of a silver file that is gone', async () => {
  const { clients, resources } = chaos.stack
  const files = listKeys(chaos.stack, `${silverPrefix}/`)
  const { value: key } = await files.next()
  await clients.s3.send(new DeleteObjectCommand({ Bucket: resources.silverBucket, Key: key ?? '' }))
  const { silver } = await chaos.judge()
  expect(silver.lost.length).toBeGreaterThan(0)
  expect(silver).toMatchObject({ duplicated: [], extra: [] })
})
