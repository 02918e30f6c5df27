import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleBronze, sampleObjects } from '@silversmith/datasets'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { startClickHouse } from '../clickhouse/engine.ts'
import { sampleSeed } from '../run.ts'
import { createS3Server } from '../s3/server.ts'
import { countBy } from './test-objects.ts'
import { hashColumnOf, identitiesIn, startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'

let runs: TestRuns
beforeAll(async () => {
  runs = await startTestRuns()
})
afterAll(() => runs.close())

/** What a run over the sample must tell and leave, by table. */
const expectSample = () => {
  const { expected } = sampleObjects({ seed: sampleSeed })
  const bronze = sampleBronze({ seed: sampleSeed })
  const types = [...new Set(bronze.records.map(({ dataset }) => dataset))]
  const accepted = {
    raw_events: expected.accepted,
    experiment_attributions: expected.attributed,
    ...Object.fromEntries(
      types.map((type) => [
        type,
        bronze.records.filter(({ dataset, reason }) => dataset === type && !reason),
      ]),
    ),
  }
  const rejections = bronze.records.filter(({ reason }) => reason !== undefined)
  const reasonsOf = (type: string) =>
    rejections.filter(({ dataset }) => dataset === type).map(({ reason }) => reason ?? '')
  const { records, rows, rejected, rejectedByReason } = expected
  const datasets = {
    xapi_events: { records, rows, rejected, discarded: 0, rejectedByReason },
    ...Object.fromEntries(
      types.map((type) => {
        const own = bronze.records.filter(({ dataset }) => dataset === type).length
        const reasons = reasonsOf(type)
        return [
          type,
          {
            ...{ records: own, rows: own - reasons.length, rejected: reasons.length },
            ...{ discarded: 0, rejectedByReason: countBy(reasons) },
          },
        ] as const
      }),
    ),
  }
  const reasons = Object.entries(expected.rejectedByReason).flatMap(([reason, count]) =>
    Array.from({ length: count }, () => reason),
  )
  return {
    objects: expected.objects + bronze.objects.length,
    messages: 0,
    records: records + bronze.records.length,
    rows: rows + bronze.records.length - rejections.length,
    rejected: rejected + rejections.length,
    rejectedByReason: countBy([...reasons, ...rejections.map(({ reason }) => reason ?? '')]),
    duplicates: expected.duplicates,
    dispositions: {
      ...expected.dispositions,
      rows: (expected.dispositions['rows'] ?? 0) + bronze.objects.length,
    },
    datasets,
    accepted,
  }
}

const drifted = (path: string, type: string) => ({
  ...{ dataset: 'xapi_events', table: 'raw_events', kind: 'retyped', rows: 2 },
  ...{ path, types: { [type]: 2 } },
})
const oliPath = (name: string): string =>
  `context.extensions["http://oli.cmu.edu/extensions/${name}"]`
/** Of the odd statements of the sample, each of which is there twice. */
const driftOfSample = [
  drifted('actor', 'text'),
  drifted(oliPath('page_id'), 'whole'),
  drifted(oliPath('section_id'), 'text'),
  drifted(oliPath('activity_id'), 'object'),
]

it('brings every record of the sample to both targets or to quarantine, by its identity', async () => {
  const { accepted, ...figures } = expectSample()
  const tables = Object.entries(accepted)
  const report = await runs.load(['--dir', 'sample'])
  expect(report).toEqual({
    ...figures,
    discarded: 0,
    refused: expect.any(Array),
    drift: driftOfSample,
    tables: Object.fromEntries(
      tables.map(([table, { length }]) => [table, { rows: length, distinct: length }]),
    ),
    silver: {
      ...{ files: expect.any(Number), bytes: expect.any(Number) },
      // A record may have rows in two tables.
      rows: tables.reduce((all, [, { length }]) => all + length, 0),
      sizes: expect.objectContaining({ under64KiB: expect.any(Number), more: 0 }),
    },
    quarantine: { files: expect.any(Number), records: figures.rejected, refused: {} },
    inserts: expect.any(Number),
    insertRows: expect.objectContaining({ more: 0 }),
    dlq: 0,
    seconds: expect.any(Number),
    silverDir: join(runs.dir, 'sample/silver'),
    quarantineDir: join(runs.dir, 'sample/quarantine'),
    clickhouseUrl: null,
  })
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0)
  const { sizes, files } = report.silver
  expect(sum(Object.values(sizes))).toBe(files)
  expect(sum(Object.values(report.insertRows))).toBe(report.inserts)
  expect(countBy(['rows', ...report.refused.map(({ disposition }) => disposition)])).toEqual({
    ...figures.dispositions,
    rows: 1,
  })
  const engine = await startClickHouse({ dir: join(runs.dir, 'sample/clickhouse') })
  try {
    for (const [table, records] of tables) {
      const identities = records
        .map(({ key, record, hash }) => `s3://bronze/${key} ${record} ${hash}`)
        .sort()
      expect(await identitiesIn(report.silverDir, table)).toEqual(identities)
      const query = `SELECT _source, _record, ${hashColumnOf(table)} FROM ${table} FORMAT TSV`
      const answer = await fetch(engine.url, { method: 'POST', body: query })
      const rows = (await answer.text()).trimEnd().split('\n')
      expect(rows.map((row) => row.replaceAll('\t', ' ')).sort()).toEqual(identities)
    }
  } finally {
    await engine.close()
  }
})

it('gives the same rows whatever the objects are cut into and however often events come, and nothing new the second time', async () => {
  const lines = Array.from({ length: 420 }, (_, n) => statementOf(n))
  // Two lines come again, one is bad.
  const text = [...lines, statementOf(3), statementOf(4), '{"bad":'].join('\n')
  await writeFile(join(runs.dir, 'made.jsonl'), text)
  const input = ['--input', 'made.jsonl', '--split-lines', '50', '--dataset', 'xapi_events']
  const args = [...input, '--dir', 'made', '--target', 'silver', '--duplicate-events', '3']

  const first = await runs.load(args)
  expect(first).toMatchObject({
    objects: 9,
    records: 423,
    rows: 422,
    rejected: 1,
    rejectedByReason: { invalid_json: 1 },
    duplicates: 2,
    dispositions: { rows: 9 },
    tables: { raw_events: { rows: 422, distinct: 422 } },
    inserts: 0,
    clickhouseUrl: null,
  })
  const identities = await identitiesIn(first.silverDir, 'raw_events')
  expect(new Set(identities).size).toBe(422)
  await expect(stat(join(runs.dir, 'made/clickhouse'))).rejects.toThrow('ENOENT')

  const again = await runs.load(args)
  expect(again).toMatchObject({
    objects: 0,
    records: 0,
    rows: 0,
    duplicates: 0,
    tables: first.tables,
    silver: first.silver,
    quarantine: first.quarantine,
  })
  expect(await identitiesIn(again.silverDir, 'raw_events')).toEqual(identities)

  const other = await runs.start(['--dir', 'made', '--target', 'silver,clickhouse']).ended
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('--target silver,') })
})

it('looks again at what it set aside, and says what had been loaded, when it runs a second time', async () => {
  const folder = join(runs.dir, 'aside/section/1/video')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'good.jsonl'), `${statementOf(1)}\n`)
  await writeFile(join(folder, 'damaged.jsonl.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 1]))
  await writeFile(join(folder, 'notes.txt'), 'of no dataset')
  const args = ['--input', 'aside', '--dir', 'twice', '--target', 'silver', '--json']
  const aside = { unreadable: 1, unrouted: 1 }
  expect(await runs.load(args)).toMatchObject({ objects: 3, dispositions: { rows: 1, ...aside } })
  const { code, stdout, stderr } = await runs.start(args).ended
  expect(stderr).toContain('1 of 3 objects had been loaded before\n')
  expect(stderr).not.toContain('not accounted')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ objects: 2, dispositions: aside, silver: { rows: 1 } })
})

it('reads a bucket and works in an S3 that is not its own, and leaves the bucket as it was', async () => {
  const server = await createS3Server({ dir: join(runs.dir, 'other-s3') })
  const s3 = new S3Client({
    endpoint: server.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'mine', secretAccessKey: 'mine' },
  })
  const listInput = async () => {
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'input' }))
    return Contents?.map(({ Key, ETag, LastModified }) => ({ Key, ETag, LastModified }))
  }
  try {
    await s3.send(new CreateBucketCommand({ Bucket: 'input' }))
    const put = (key: string, n: number) =>
      s3.send(new PutObjectCommand({ Bucket: 'input', Key: key, Body: statementOf(n) }))
    await put('section/1/video/a b+ü.jsonl', 1)
    await put('section/1/video/c.jsonl', 2)
    await put('other/d.jsonl', 3)
    const before = await listInput()

    const args = ['--input', 's3://input/section/', '--target', 'silver', '--dir', 'bucket']
    const report = await runs.load(args, {
      AWS_ENDPOINT_URL_S3: server.url,
      AWS_ACCESS_KEY_ID: 'mine',
      AWS_SECRET_ACCESS_KEY: 'mine',
    })
    expect(report).toMatchObject({ objects: 2, rows: 2, dispositions: { rows: 2 } })
    const sources = (await identitiesIn(report.silverDir, 'raw_events')).map(
      (identity) => /^(.*) \d+ \S+$/.exec(identity)?.[1],
    )
    expect(sources).toEqual([
      's3://bronze/section/1/video/a b+ü.jsonl',
      's3://bronze/section/1/video/c.jsonl',
    ])
    expect(await listInput()).toEqual(before)
  } finally {
    s3.destroy()
    await server.close()
  }
})
