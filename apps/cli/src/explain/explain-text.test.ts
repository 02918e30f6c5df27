import type { Batch } from '@silversmith/core'
import type { ChunkStory, ObjectStory, Share } from '@silversmith/flow'
import { firstBatchAt } from '@silversmith/flow'
import { expect, it } from 'vitest'
import { describeStory, writeLife } from './explain-text.ts'

const now = Date.UTC(2026, 10, 21, 12)
const forming: Batch = {
  ...{ kind: 'batch', id: firstBatchAt(now - 60_000), pipeline: 'p', state: 'F', owner: 'o' },
  ...{ leaseUntil: 0, sourceCount: 1 },
}
const batch: Batch = {
  ...{ ...forming, state: 'C', sealedAt: now - 57_000, committedAt: now - 55_000 },
}
const shareOf = (target: string, state: Share['state'], rows: number): Share => ({
  ...{ target, state, rows, distinct: rows, expired: 0, problem: undefined },
  files: target === 'silver' ? ['silver/t/dt=2026-01-01/f.parquet'] : [],
})
const chunk: ChunkStory = {
  ...{ token: `${batch.id}#0`, n: 0, table: 't', month: '2026-01', rows: 9 },
  shares: [shareOf('silver', 'applied', 3), shareOf('clickhouse', 'waiting', 0)],
}
const story: ObjectStory = {
  ...{ url: 's3://b/k.jsonl', version: 'v', source: 'id', record: undefined, dataset: 'd' },
  ...{
    isOurs: true,
    claim: undefined,
    batch: undefined,
    loads: [],
    unfollowed: [],
    erased: 0,
    verdicts: [],
  },
  ...{ standing: { reason: 'never-begun', detail: 'no batch has it' }, isWell: false },
}

it('writes the life of a batch, as far as it has come', () => {
  expect(writeLife(batch, now)).toBe(
    'opened 1 min ago (2026-11-21T11:59:00Z), sealed 3 s later, committed 2 s later',
  )
  expect(writeLife(forming, now)).toBe('opened 1 min ago (2026-11-21T11:59:00Z)')
})

it('tells of an object nobody loaded what it would arrive by, and what to do', () => {
  const stored = { sizeBytes: 12, etag: 'e', lastModified: now - 7_200_000 }
  expect(describeStory(story, stored, now).split('\n')).toEqual([
    's3://b/k.jsonl',
    'version    v, 12 bytes, written 2 h ago',
    'arrives by its ObjectCreated event on the queue arrivals, and from ingest on the queue objects: as d',
    'source     id, its claim in the ledger',
    'claim      none',
    'stands     never-begun: no batch has it',
    '',
    'what to do: if its message is not on its way (silversmith status), send it: silversmith reconcile --prefix k.jsonl --enqueue',
  ])
  const odd = describeStory({ ...story, url: "s3://b/it's $(me).jsonl" }, undefined, now)
  expect(odd).toContain(`reconcile --prefix 'it'\\''s $(me).jsonl' --enqueue`)
  const foreign = describeStory({ ...story, isOurs: false }, undefined, now)
  expect(foreign).toContain('nothing: ingest does not take from its bucket')
  const message = { ...story, url: 'arn:aws:sqs:eu-west-1:1:q/m' }
  expect(describeStory(message, undefined, now)).toContain('a message of that queue')
})

it('tells of a loaded one its chunks, its files, what was rejected and where, and every verdict', () => {
  const text = describeStory(
    {
      ...story,
      claim: { kind: 'claim', id: 'id', batch: batch.id, generation: 2, tries: 0 },
      standing: { reason: 'already-loaded', detail: '3 rows, 1 rejected' },
      loads: [
        {
          ...{ file: undefined, batch, chunks: [chunk], problems: {}, expiring: [], refused: [] },
          ...{ chunksRead: 200, chunksAll: 300 },
          entry: {
            ...{ id: 'id', generation: 2, disposition: 'rows', sizeBytes: 1, lastModified: 0 },
            ...{ records: 5, rows: 3, rejected: 1, discarded: 1 },
            object: { bucket: 'b', key: 'k.jsonl', version: 'v', versioned: true },
          },
          rejected: {
            ...{ byReason: { late: 1 }, files: ['q/f'], unread: ['q/g'] },
            lines: [{ record: 4, line: 5, reason: 'late', path: 'at', file: 'q/f' }],
          },
        },
      ],
      unfollowed: ['q/h'],
      erased: 1,
      verdicts: [{ kind: 'lost', detail: 'gone', isWell: false, mend: 'silversmith repair X' }],
    },
    undefined,
    now,
  )
  for (const line of [
    `claim      batch ${batch.id}, generation 2`,
    'became     rows: 5 records, 3 became rows, 1 rejected, 1 discarded; generation 2',
    'rejected   1 record: late',
    '  record 4, line 5: late at at in q/f',
    '  not looked through, for it is gone or too large: q/g',
    'only 200 of 300 chunks were looked into',
    '  silver/t/dt=2026-01-01/f.parquet',
    'replays    not followed: q/h',
    'erased     1 record on purpose',
    'lost: gone. silversmith repair X',
  ])
    expect(text.split('\n')).toContain(line)
  expect(text).toMatch(/#0 +t +2026-01 +3 +0, waiting/)
})
