import { type Manifest, type ManifestSource, objectOfMessage } from '@silversmith/core'
import { expect, it } from 'vitest'
import { audit } from './audit.ts'
import type { Accounts } from './audit.ts'
import type { SealedBatch } from './history.ts'

const source = (key: string, more: Partial<ManifestSource> = {}): ManifestSource => ({
  id: key,
  object: { bucket: 'bronze', key, version: 'v1', versioned: false },
  dataset: 'xapi_events',
  generation: 0,
  disposition: 'rows',
  lastModified: 0,
  sizeBytes: 1,
  records: 3,
  rows: 2,
  rejected: 1,
  discarded: 0,
  ...more,
})

const sealed = (
  id: string,
  sources: readonly ManifestSource[],
  rows: number,
  state: 'S' | 'C' = 'C',
): SealedBatch => ({
  batch: {
    kind: 'batch',
    id,
    pipeline: 'local',
    state,
    owner: 'o',
    leaseUntil: 0,
    sourceCount: sources.length,
  },
  manifest: {
    version: 1,
    batch: id,
    sources,
    chunks: [{ n: 0, table: 'raw_events', month: '2026-01', rows }],
    quarantine: [],
  } as unknown as Manifest,
})

const uploaded = (key: string) => ({
  key,
  version: 'v1',
  versionId: undefined,
  etag: 'v1',
  sizeBytes: 1,
})

const figures = (rows: number, distinct = rows) => ({
  tables: { raw_events: { rows, distinct } },
  duplicates: 0,
})

const right: Accounts = {
  bucket: 'bronze',
  uploaded: [uploaded('a'), uploaded('b')],
  sent: [],
  history: [sealed('B1', [source('a')], 2), sealed('B2', [source('b')], 2)],
  targets: { silver: figures(4), clickhouse: figures(4) },
  quarantine: { files: 1, records: 2, refused: {} },
  dead: 0,
}

it('misses a message that is in no batch', () => {
  const message = { queueArn: 'arn:aws:sqs:r:1:q', messageId: 'm1' }
  const entry = { ...source('m1'), object: objectOfMessage(message) }
  const history = [...right.history.slice(0, 1), sealed('B2', [source('b'), entry], 2)]
  const lost = audit({ ...right, sent: [message] })
  expect(lost).toEqual(['1 objects have no disposition: m1'])
  expect(audit({ ...right, sent: [message], history })).toEqual(audit({ ...right, history }))
})

it('counts rows a target refuses for ever as not due there, and nowhere else', () => {
  const quarantine = { files: 2, records: 2, refused: { clickhouse: { raw_events: 3 } } }
  const refused = { ...right, quarantine, targets: { silver: figures(4), clickhouse: figures(1) } }
  expect(audit(refused)).toEqual([])
  expect(audit({ ...refused, targets: { silver: figures(1) } })).toHaveLength(1)
  const holding = (rows: number) => audit({ ...refused, targets: { clickhouse: figures(rows) } })
  expect(holding(0)).toEqual(['clickhouse: raw_events has 0 rows, its batches have 1'])
  // Loaded by a person since.
  expect(holding(4)).toEqual([])
  expect(holding(5)).toHaveLength(1)
})

it('finds nothing when everything adds up', () => {
  expect(audit(right)).toEqual([])
})

it.each(['gone', 'unrouted', 'too-large', 'unreadable'] as const)(
  'lets an object that was %s be in a later batch, too',
  (disposition) => {
    const nothing = { disposition, records: 0, rows: 0, rejected: 0 }
    const aside = (batch: string) => sealed(batch, [source('c', nothing)], 0)
    const history = [...right.history, aside('B3'), aside('B4')]
    expect(audit({ ...right, history })).toEqual([])
    const loaded = sealed('B5', [source('c', { records: 2, rejected: 0 })], 2)
    expect(
      audit({
        ...right,
        history: [...history, loaded],
        targets: { silver: figures(6), clickhouse: figures(6) },
      }),
    ).toEqual([])
  },
)

it.each<[string, Partial<Accounts>, RegExp]>([
  [
    'an object without a disposition',
    { uploaded: [...right.uploaded, uploaded('c')] },
    /1 objects have no disposition: c/,
  ],
  [
    'another version of an object than the one uploaded',
    { uploaded: [{ ...uploaded('a'), version: 'v2' }] },
    /no disposition: a/,
  ],
  [
    'an object in two batches',
    {
      history: [...right.history, sealed('B3', [source('a')], 2)],
      targets: { silver: figures(6) },
      quarantine: { files: 1, records: 3, refused: {} },
    },
    /1 objects are in several batches: \["bronze","a","v1"\]/,
  ],
  [
    'a batch that is not committed',
    { history: [sealed('B1', [source('a')], 2, 'S'), sealed('B2', [source('b')], 2)] },
    /batch B1 is sealed but not committed/,
  ],
  [
    'records that went nowhere',
    { history: [sealed('B1', [source('a', { records: 4 })], 2), sealed('B2', [source('b')], 2)] },
    /a: 4 records are not 2 rows \+ 1 rejected \+ 0 discarded/,
  ],
  [
    'rows a target lacks',
    { targets: { silver: figures(4), clickhouse: figures(3) } },
    /^clickhouse: raw_events has 3 rows, its batches have 4$/,
  ],
  ['a table a target lacks', { targets: { silver: { tables: {}, duplicates: 0 } } }, /has 0 rows/],
  ['rows twice', { targets: { silver: figures(4, 3) } }, /4 rows but 3 row identities/],
  [
    'records quarantine lacks',
    { quarantine: { files: 1, records: 1, refused: {} } },
    /quarantine has 1 records, 2 were rejected/,
  ],
  [
    'rows that another state loaded',
    {
      targets: {
        silver: figures(4),
        clickhouse: {
          ...figures(4),
          foreign: { raw_events: { rows: 40, objects: 3, table: '`d`.`raw_events`' } },
        },
      },
    },
    /^`d`.`raw_events` has 40 more rows of 3 objects .*another --dir.* run OPTIMIZE TABLE `d`.`raw_events` FINAL/,
  ],
  [
    'rows that are gone from a server',
    { targets: { clickhouse: { ...figures(3), foreign: {} } } },
    /^clickhouse: raw_events has 3 rows, its batches have 4: .*If they were deleted, load again/,
  ],
  ['dead letters', { dead: 2 }, /2 messages are in the dead-letter queues/],
])('tells of %s', (_name, wrong, message) => {
  expect(audit({ ...right, ...wrong })).toEqual([expect.stringMatching(message)])
})

it('lets an object be gone for one batch and found by another', () => {
  const gone = source('a', { disposition: 'gone', records: 0, rows: 0, rejected: 0 })
  expect(audit({ ...right, history: [...right.history, sealed('B3', [gone], 0)] })).toEqual([])
})
