import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { objectUri } from '@silversmith/core'
import type { ManifestSource } from '@silversmith/core'
import { xapiEvents } from '@silversmith/datasets'
import { readParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../account/report.ts'
import {
  countBy,
  deletedKey,
  folderKey,
  makeTestObjects,
  payloadMark,
  replacedKey,
  testLimits,
  testRoutes,
  writeStatement,
} from './test-objects.ts'
import type { TestObject } from './test-objects.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'
import type { Uploaded } from '../input/upload.ts'

let tested: TestStack
let objects: readonly TestObject[]
let uploaded: Uploaded[]
let replaced: { readonly first: string; readonly second: string }
let outcome: { readonly report: Report; readonly problems: readonly string[] }

const bucketOf = (): string => tested.stack.resources.bronzeBucket
const uriOf = (key: string): string => objectUri({ bucket: bucketOf(), key })

beforeAll(async () => {
  const environment = Object.fromEntries(
    Object.entries(testLimits).map(([name, value]) => [name, String(value)]),
  )
  tested = await startTestStack({ routes: testRoutes, environment })
  objects = makeTestObjects()
  uploaded = []
  for (const { key, body, contentEncoding } of objects)
    uploaded.push(await tested.upload(key, body, contentEncoding))
  await tested.upload(folderKey, Buffer.alloc(0))
  // No function runs yet: their events are on the queue when they are deleted and replaced.
  const deleted = await tested.upload(deletedKey, Buffer.from(writeStatement(60)))
  const { s3 } = tested.stack.clients
  await s3.send(new DeleteObjectCommand({ Bucket: bucketOf(), Key: deletedKey }))
  const first = await tested.upload(replacedKey, Buffer.from(writeStatement(61)))
  const second = await tested.upload(replacedKey, Buffer.from(writeStatement(62)))
  uploaded.push(deleted, first, second)
  replaced = { first: first.version, second: second.version }
  tested.stack.start()
  outcome = await tested.account(uploaded)
})

afterAll(() => tested?.close())

const sortBy = <Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] =>
  [...items].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))

const silverRows = async (
  columns: readonly string[],
): Promise<readonly Record<string, unknown>[]> => {
  const dir = outcome.report.silverDir
  const rows = []
  for (const file of await readdir(dir, { recursive: true }))
    if (file.endsWith('.parquet'))
      rows.push(...(await readParquet(await readFile(join(dir, file)), columns)))
  return rows
}

const expectedIdentities = (): string[] =>
  [
    ...objects.flatMap(({ key, accepted }) => accepted.map((record) => `${uriOf(key)} ${record}`)),
    `${uriOf(replacedKey)} 0`,
  ].sort()

describe('bad input in one run', () => {
  it('gives every object its disposition, with the reason', async () => {
    const sources = (await tested.listSources()).filter(({ object }) => object.key !== replacedKey)
    const seen = ({ object, disposition, reason, rows, rejected }: ManifestSource) => ({
      key: object.key,
      disposition,
      reason,
      rows,
      rejected,
    })
    const due = objects.map(({ key, disposition, reason, accepted, rejected }) => ({
      key,
      disposition,
      reason: reason && expect.stringMatching(reason),
      rows: accepted.length,
      rejected: rejected.length,
    }))
    const gone = {
      key: deletedKey,
      disposition: 'gone' as const,
      reason: expect.stringContaining(uriOf(deletedKey)),
      rows: 0,
      rejected: 0,
    }
    expect(sortBy(sources.map(seen), ({ key }) => key)).toEqual(
      sortBy([...due, gone], ({ key }) => key),
    )
  })

  it('loads the version that replaced another, and calls the other one gone', async () => {
    const sources = (await tested.listSources()).filter(({ object }) => object.key === replacedKey)
    const told = sources.map(({ object, disposition }) => [object.version, disposition])
    expect(Object.fromEntries(told)).toEqual({
      [replaced.first]: 'gone',
      [replaced.second]: 'rows',
    })
    const rows = await tested.query(
      `SELECT _version, user_id FROM raw_events WHERE _source = '${uriOf(replacedKey)}'`,
    )
    expect(rows).toEqual([{ _version: replaced.second, user_id: `${payloadMark} 62` }])
  })

  it('holds no good row back and loads no row of an object that cannot be read to its end', async () => {
    const rows = await silverRows(['_source', '_record'])
    expect(rows.map((row) => `${String(row['_source'])} ${String(row['_record'])}`).sort()).toEqual(
      expectedIdentities(),
    )
    const found = await tested.query<{ id: string }>(
      `SELECT concat(_source, ' ', toString(_record)) AS id FROM raw_events`,
    )
    expect(found.map(({ id }) => id).sort()).toEqual(expectedIdentities())
  })

  it('keeps every rejected record once, with its place, its reason and its bytes', async () => {
    const { quarantineDir } = outcome.report
    const files = await readdir(quarantineDir, { recursive: true })
    const texts = await Promise.all(
      files
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => readFile(join(quarantineDir, name), 'utf8')),
    )
    const kept = texts
      .flatMap((text) => text.trimEnd().split('\n'))
      .map((line) => JSON.parse(line) as { source: string; record: number })
    const version = new Map(uploaded.map((object) => [object.key, object.version]))
    const due = objects.flatMap(({ key, rejected }) =>
      rejected.map((rejection) => ({
        source: uriOf(key),
        version: version.get(key),
        ...rejection,
        dataset: 'xapi_events',
        datasetVersion: xapiEvents.version,
        generation: 0,
        objectTime: expect.any(String),
      })),
    )
    const placeOf = ({ source, record }: { source: string; record: number }): string =>
      `${source} ${record}`
    expect(sortBy(kept, placeOf)).toEqual(sortBy(due, placeOf))
  })

  it('accounts for all of it', () => {
    const { report, problems } = outcome
    const rejected = objects.flatMap((object) => object.rejected)
    expect(problems).toEqual([])
    expect(report).toMatchObject({
      objects: uploaded.length,
      rows: expectedIdentities().length,
      rejected: rejected.length,
      discarded: 0,
      rejectedByReason: countBy(rejected.map(({ reason }) => reason)),
      dispositions: countBy([
        ...objects.map(({ disposition }) => disposition),
        'gone',
        'gone',
        'rows',
      ]),
      quarantine: { records: rejected.length },
      dlq: 0,
    })
    // The folder's event is the one thing that is no object.
    const ignored = tested.lines
      .filter((line) => line.includes('"arrivals-read"'))
      .map((line) => JSON.parse(line) as { event: { reasons: { folder?: number } } })
    expect(ignored.reduce((sum, { event }) => sum + (event.reasons.folder ?? 0), 0)).toBe(1)
  })
})

const mib = 1024 * 1024

/** Highest resident memory of each transform process that lives, in bytes. */
const readPeaks = (): Promise<number[]> =>
  Promise.all(
    tested.stack.pids('transform').map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
    }),
  )

describe('a large object', () => {
  const lineCount = 1_000
  const lineBytes = 200_000
  /** Far above what is taken, far below what a reader of whole objects would take for 200 MB. */
  const peakMax = 512 * mib

  it('takes no more memory than the limits say, like the long lines before it', async (context) => {
    const line = (n: number): string => {
      const text = writeStatement(n)
      return `${text.slice(0, -1)},"filler":"${'ab'.repeat((lineBytes - text.length) / 2)}"}\n`
    }
    const parts = Array.from({ length: lineCount }, (_, n) => gzipSync(line(n), { level: 1 }))
    const key = 'section/2/video/large.jsonl.gz'
    const large = await tested.upload(key, Buffer.concat(parts))
    const { problems } = await tested.account([...uploaded, large])
    expect(problems).toEqual([])
    const [counted] = await tested.query<{ records: string; lines: string }>(
      `SELECT toString(uniqExact(_record)) AS records, toString(max(_line)) AS lines
         FROM raw_events WHERE _source = '${uriOf(key)}'`,
    )
    expect(counted).toEqual({ records: String(lineCount), lines: String(lineCount) })
    if (process.platform !== 'linux')
      return context.skip('peak memory of a process can be read on Linux only')
    const peaks = await readPeaks()
    expect(peaks.length).toBeGreaterThan(0)
    expect(Math.max(...peaks)).toBeLessThan(peakMax)
  })
})

describe('the logs', () => {
  it('001-15: hold no payload, neither of good records nor of bad ones', async () => {
    const logs = join(tested.stack.dir, 'logs')
    const names = await readdir(logs)
    expect(names).toEqual(expect.arrayContaining(['ingest.log', 'transform.log']))
    for (const name of names) {
      const text = await readFile(join(logs, name), 'utf8')
      expect(text.includes(payloadMark), name).toBe(false)
    }
    expect(await readFile(join(logs, 'transform.log'), 'utf8')).toContain('batch-sealed')
    const reasons = (await tested.listSources()).map(({ reason }) => reason)
    expect(reasons.filter((reason) => reason?.includes(payloadMark))).toEqual([])
  })
})
