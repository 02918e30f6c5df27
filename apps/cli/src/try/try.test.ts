import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { DryRunReport } from '@silversmith/flow'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runTry } from './try.ts'

let dir: string
const { signal } = new AbortController()
const shipment = (id: string): string =>
  JSON.stringify({
    ...{ record_type: 'shipments', shipment_id: id, event_time: '2026-02-11T14:03:31Z' },
    ...{ origin: 'BER', destination: 'MUC', carrier: 'DHL', weight_kg: 1.5, surprise: 7 },
  })

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-try-'))
  await mkdir(join(dir, 'bronze/shipments'), { recursive: true })
  const body = [shipment('a'), 'no JSON'].join('\n')
  await writeFile(join(dir, 'bronze/shipments/s.jsonl.gz'), gzipSync(body))
  await writeFile(join(dir, 'other.jsonl'), `${body}\n${shipment('b')}`)
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const attempt = async (
  objects: readonly string[],
  dataset?: string,
  environment: Readonly<Record<string, string>> = {},
) => {
  const answer = await runTry(
    { kind: 'try', objects, dataset, dir: undefined, json: false },
    {
      ...{ environment: { AWS_REGION: 'us-east-1', TARGETS: 'silver', ...environment }, signal },
      clock: { now: Date.now, sleep: () => Promise.resolve() },
      progress: { show: () => undefined, end: () => undefined, isWatched: false },
      print: () => Promise.resolve(),
      note: () => undefined,
    },
  )
  return { ...answer, document: answer.document as DryRunReport }
}

it('tells of a file what a load of it would make, without any deployment, and leaves no file', async () => {
  const before = await readdir(dir, { recursive: true })
  const path = join(dir, 'bronze/shipments/s.jsonl.gz')
  const { code, document, text } = await attempt([path])
  expect(document).toMatchObject({
    objects: [{ url: path, dataset: 'shipments', disposition: 'rows', records: 2, rows: 1 }],
    datasets: { shipments: { records: 2, rows: 1, rejectedByReason: { invalid_json: 1 } } },
    tables: { shipments: { rows: 1, silverFiles: 1, insertBytes: 0 } },
    drift: [{ path: 'surprise', kind: 'new', rows: 1 }],
  })
  expect(document.tables['shipments']?.silverBytes).toBeGreaterThan(1_000)
  expect(text).toMatch(/invalid_json/)
  expect(text).toMatch(/nothing was claimed, written or deleted$/)
  expect(code).toBe(0)
  expect(await readdir(dir, { recursive: true })).toEqual(before)
})

it('takes several, each by its own route or all by --dataset', async () => {
  const paths = [join(dir, 'other.jsonl'), join(dir, 'bronze/shipments/s.jsonl.gz')]
  const { document } = await attempt(paths, 'shipments')
  expect(document.objects.map(({ url, rows }) => [url, rows])).toEqual([
    [paths[0], 2],
    [paths[1], 1],
  ])
  expect(document.tables['shipments']?.rows).toBe(3)
})

it('goes by the settings of transform', async () => {
  const path = join(dir, 'bronze/shipments/s.jsonl.gz')
  const strict = await attempt([path], undefined, { CONTRACTS: 'shipments=freeze' })
  expect(strict.document.datasets['shipments']).toMatchObject({
    ...{ rows: 0, rejectedByReason: { invalid_json: 1, contract_breach: 1 } },
  })
  const small = await attempt([path], undefined, { MAX_S3_OBJECT_BYTES: '10' })
  expect(small.document.objects[0]).toMatchObject({ disposition: 'too-large' })
  expect(small.code).toBe(1)
  await expect(attempt([path], undefined, { MAX_CHUNK_BYTES: 'big' })).rejects.toThrow(
    /MAX_CHUNK_BYTES must be/,
  )
})

it('says what is wrong with what it was given', async () => {
  const lost = await attempt([join(dir, 'other.jsonl')])
  expect(lost.document.objects[0]).toMatchObject({ disposition: 'unrouted' })
  expect(lost.text).toMatch(/no route accepts this key.*--dataset NAME/)
  expect(lost.code).toBe(1)
  await expect(attempt([join(dir, 'none.jsonl')])).rejects.toThrow(/none\.jsonl: ENOENT/)
  await expect(attempt([dir])).rejects.toThrow(/is no file/)
  await expect(attempt(['s3://bucket-only'])).rejects.toThrow(/names no object/)
  await expect(attempt([join(dir, 'other.jsonl')], 'shipmnts')).rejects.toThrow(
    /no dataset shipmnts/,
  )
})
