import type { Job } from '@silversmith/core'
import { readReport, type ReportEntry, reportLineOf, writeReport } from '@silversmith/flow'
import { expect, test } from 'vitest'
import { pipeline } from '../transform/transform-room.ts'
import { createBulkRoom, linesOf } from './bulk-room.ts'

type Room = ReturnType<typeof createBulkRoom>

const jobOf = async ({ ledger, call }: Room, id = 'job'): Promise<Job> => {
  const [found] = await ledger.read([{ kind: 'job', id: `${pipeline}/${id}` }], call().signal)
  return found?.item as Job
}

const read = async (room: Room, id?: string): Promise<Readonly<Record<string, ReportEntry>>> => {
  const entries: ReportEntry[] = []
  for await (const page of readReport(room.deps, await jobOf(room, id), room.call()))
    entries.push(...page.entries)
  return Object.fromEntries(entries.map((entry) => [entry.key, entry]))
}

test('says of each object what became of it, before, while and after it is loaded', async () => {
  const room = createBulkRoom({ limits: { objectBytesMax: 400 } })
  await room.room.run(room.put('before.jsonl', linesOf('b')))
  room.put(
    'good.jsonl',
    `${linesOf('a', 'c')}{"cut
`,
  )
  room.put('empty.jsonl', '')
  room.put('large.jsonl', linesOf('x'.repeat(500)))
  room.put('else.txt', 'no route')
  const gone = room.put('gone.jsonl', linesOf('g'))
  await room.run('job')
  expect(await read(room)).toMatchObject({
    'before.jsonl': { status: 'succeeded', isByJob: false, rows: 1 },
    'good.jsonl': { status: 'pending', code: 'sent', isByJob: true, isCommitted: false, rows: 0 },
    'else.txt': { status: 'failed', code: 'unrouted', message: 'no route accepts its key' },
  })
  room.bronze.deleteObject('b', gone.object.key)
  await room.load()
  expect(await read(room)).toMatchObject({
    'before.jsonl': { status: 'succeeded', message: expect.stringContaining('was loaded before') },
    'good.jsonl': { status: 'succeeded', isByJob: true, isCommitted: true, rows: 2, rejected: 1 },
    'empty.jsonl': { status: 'succeeded', rows: 0 },
    'large.jsonl': { status: 'failed', code: 'too-large' },
    'else.txt': { status: 'failed', code: 'unrouted' },
    'gone.jsonl': { status: 'failed', code: 'gone' },
  })
})

test.each(['unrouted', 'gone'] as const)(
  'what was %s before and is sent now is pending, until it is looked at again',
  async (code) => {
    const room = createBulkRoom()
    const source = room.put('a.jsonl', linesOf('a'))
    if (code === 'gone') room.bronze.deleteObject('b', 'a.jsonl')
    await room.room.run(code === 'unrouted' ? { ...source, dataset: undefined } : source)
    if (code === 'gone') room.put('a.jsonl', linesOf('a'))
    room.clock.advance(1_000)
    expect(await room.run('job')).toMatchObject({ counts: { sent: 1, standings: { new: 1 } } })
    expect(await read(room)).toMatchObject({ 'a.jsonl': { status: 'pending', code: 'sent' } })
    await room.load()
    expect(await read(room)).toMatchObject({ 'a.jsonl': { status: 'succeeded', rows: 1 } })
  },
)

test('what the job sent and found gone is failed, though the clock of transform is behind that of the job', async () => {
  const room = createBulkRoom()
  room.put('a.jsonl', linesOf('a'))
  await room.run('job', {}, undefined, 60_000, 3_600_000)
  room.bronze.deleteObject('b', 'a.jsonl')
  await room.load()
  expect(await read(room)).toMatchObject({ 'a.jsonl': { status: 'failed', code: 'gone' } })
})

test('of a reload waits for the new generation', async () => {
  const room = createBulkRoom()
  await room.room.run(room.put('a.jsonl', linesOf('a')))
  await room.run('job', { force: true })
  expect(await read(room)).toMatchObject({ 'a.jsonl': { status: 'pending', code: 'sent' } })
  await room.load()
  expect(await read(room)).toMatchObject({ 'a.jsonl': { status: 'succeeded', isByJob: true } })
})

test('of a job under way has what it has come to, and says what is not sent yet', async () => {
  const room = createBulkRoom()
  for (const name of ['a', 'b', 'c']) room.put(`${name}.jsonl`, linesOf(name))
  await room.run('job', { budget: { objectsPerSecond: 1 } }, undefined, 0)
  const codes = Object.values(await read(room)).map(({ code }) => code)
  expect(codes.toSorted()).toEqual(['sent', 'unsent', 'unsent'])
})

test('has lines as S3 Batch Operations writes them', () => {
  const entry: ReportEntry = {
    ...{ bucket: 'b', key: 'section/7/a b+c"ü,\n.jsonl', version: 'v1', versioned: true },
    ...{ etag: 'e', sizeBytes: 1, date: 0, dataset: 'notes', status: 'failed', code: 'poison' },
    ...{ message: 'says "no",\nand dies', isByJob: true, isCommitted: false, rows: 0, batch: 'B' },
    rejected: 0,
  }
  expect(reportLineOf(entry)).toBe(
    '"b","section/7/a%20b%2Bc%22%C3%BC%2C%0A.jsonl","v1","failed","poison","","says ""no"", and dies"',
  )
  expect(
    reportLineOf({ ...entry, key: 'k', versioned: false, status: 'succeeded', code: '' }),
  ).toBe('"b","k","","succeeded","","200","says ""no"", and dies"')
})

test('is written slice by slice, with a manifest that names its files', async () => {
  const room = createBulkRoom({ pageMax: 2, replace: { sliceObjects: 2 } })
  for (const name of ['a', 'b', 'c', 'd', 'e']) room.put(`${name}.jsonl`, linesOf(name))
  await room.run('job')
  await room.load()
  const { key, sum } = await writeReport(room.deps, await jobOf(room), 'silver', room.call())
  expect(sum).toEqual({
    ...{
      objects: 5,
      succeeded: 5,
      before: 0,
      sealed: 0,
      failed: 0,
      pending: 0,
      rows: 5,
      rejected: 0,
      codes: {},
    },
  })
  const textOf = (file: string): string =>
    Buffer.from(room.store.files.get(file)?.bytes ?? []).toString()
  const manifest = JSON.parse(textOf(key)) as { Results: { Key: string }[]; ReportSchema: string }
  expect(manifest.ReportSchema).toBe(
    'Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage',
  )
  expect(manifest.Results).toHaveLength(3)
  const lines = manifest.Results.flatMap(({ Key }) => textOf(Key).trimEnd().split('\n'))
  expect(lines.map((line) => line.split(',').slice(1, 4).join(','))).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name) => `"${name}.jsonl","","succeeded"`),
  )
})
