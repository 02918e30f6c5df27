import { gzipSync } from 'node:zlib'
import { objectBytesMax } from '../world/note-object.ts'
import { note } from './notes.ts'
import type { Scenario } from './scenario.ts'

const minuteMs = 60_000

const isOnly = (dispositions: Readonly<Record<string, number>>, name: string): boolean =>
  Object.keys(dispositions).join() === name

/** What may be in objects, and what may happen to them in bronze. */
export const objectScenarios: readonly Scenario[] = [
  {
    name: 'one object',
    script: ({ put }) => void put('notes/a.jsonl', note('a')),
    shows: ({ sealed: [batch], committed }) => committed === 1 && batch?.rows === 1,
  },
  {
    name: 'two objects in one batch',
    script: ({ put }) => {
      put('notes/a.jsonl', note('a'))
      put('notes/b.jsonl', note('b', '2026-05-04', ['x']))
    },
    shows: ({ sealed, committed }) => committed === 1 && sealed[0]?.sources === 2,
    seed: 1,
  },
  {
    name: 'five objects in batches of two',
    script: ({ put }) => {
      for (const id of ['a', 'b', 'c', 'd', 'e']) put(`notes/${id}.jsonl`, note(id))
    },
    limits: { batchSourcesMax: 2 },
    shows: ({ sealed, committed }) => committed >= 3 && sealed.some(({ sources }) => sources === 2),
  },
  {
    name: 'rows of three days in two months',
    script: ({ put }) =>
      void put(
        'notes/a.jsonl',
        note('a', '2026-04-29') + note('b', '2026-04-30', ['x', 'y']) + note('c', '2026-05-01'),
      ),
    shows: ({ sealed: [batch], committed }) => committed === 1 && batch?.chunks === 3,
  },
  {
    name: 'a chunk for each row',
    script: ({ put }) => void put('notes/a.jsonl', note('a') + note('b') + note('c')),
    limits: { chunkRowsMax: 1 },
    shows: ({ sealed: [batch] }) => batch?.chunks === 3,
  },
  {
    name: 'rejected records of two reasons beside good ones',
    script: ({ put }) => void put('notes/a.jsonl', `${note('a')}{"id":\n[]\n${note('b')}`),
    shows: ({ sealed: [batch] }) => batch?.rejected === 2 && batch.rows === 2,
  },
  {
    name: 'an array of records in one document',
    script: ({ put }) =>
      void put('notes/a.json', `[${note('a')},[],${note('b', '2026-05-04', ['x'])}]`),
    shows: ({ sealed: [batch] }) => batch?.rows === 2 && batch.rejected === 1,
  },
  {
    name: 'a gzip object',
    script: ({ put }) => void put('notes/a.jsonl.gz', gzipSync(note('a') + note('b'))),
    shows: ({ sealed: [batch] }) => batch?.rows === 2,
  },
  {
    name: 'a gzip object that ends too early',
    script: ({ put }) =>
      void put('notes/a.jsonl.gz', gzipSync(note('a') + note('b')).subarray(0, -9)),
    shows: ({ sealed: [batch] }) => isOnly(batch?.dispositions ?? {}, 'unreadable'),
  },
  {
    name: 'an empty object',
    script: ({ put }) => void put('notes/a.jsonl', ''),
    shows: ({ sealed: [batch] }) => isOnly(batch?.dispositions ?? {}, 'empty'),
  },
  {
    name: 'an object of an encoding we do not know',
    script: ({ put }) => void put('notes/a.jsonl', note('a'), { contentEncoding: 'br' }),
    shows: ({ sealed: [batch] }) => isOnly(batch?.dispositions ?? {}, 'unreadable'),
  },
  {
    name: 'an object larger than the limit',
    script: ({ put }) => void put('notes/a.jsonl', note('a').padEnd(objectBytesMax + 1)),
    shows: ({ sealed: [batch] }) => isOnly(batch?.dispositions ?? {}, 'too-large'),
  },
  {
    name: 'an object without a route',
    script: ({ put }) => void put('other/a.jsonl', note('a')),
    shows: ({ sealed: [batch] }) => isOnly(batch?.dispositions ?? {}, 'unrouted'),
  },
  {
    name: 'overwritten before it is read',
    script: ({ put }) => {
      put('notes/a.jsonl', note('a'))
      put('notes/a.jsonl', note('b'))
    },
    shows: ({ sealed }) =>
      sealed.some(({ dispositions }) => dispositions['gone']) &&
      sealed.some(({ dispositions }) => dispositions['rows']),
  },
  {
    name: 'deleted before it is read',
    script: ({ put, remove, after }) => {
      put('notes/a.jsonl', note('a'))
      put('notes/b.jsonl', note('b'))
      after(1_000, () => remove('notes/a.jsonl'))
    },
    shows: ({ sealed }) => sealed.some(({ dispositions }) => dispositions['gone']),
  },
  {
    name: 'deleted, found gone, and put back with the same bytes',
    script: ({ put, putBack, remove, after }) => {
      const version = put('notes/a.jsonl', note('a'))
      remove('notes/a.jsonl')
      after(5 * minuteMs, () => putBack(version))
    },
    shows: ({ sealed: [first, second] }) =>
      isOnly(first?.dispositions ?? {}, 'gone') && isOnly(second?.dispositions ?? {}, 'rows'),
  },
  {
    name: 'loaded, deleted, and put back with the same bytes',
    script: ({ put, putBack, remove, after }) => {
      const version = put('notes/a.jsonl', note('a'))
      after(2 * minuteMs, () => remove('notes/a.jsonl'))
      after(5 * minuteMs, () => putBack(version))
    },
    shows: ({ sealed, committed }) => sealed.length === 1 && committed === 1,
  },
  {
    name: 'overwritten in a versioned bucket',
    script: ({ setBucket, put, after }) => {
      setBucket('versioned')
      put('notes/a.jsonl', note('a'))
      after(1_000, () => put('notes/a.jsonl', note('b')))
    },
    shows: ({ sealed }) => sealed.reduce((sum, { rows }) => sum + rows, 0) === 2,
  },
  {
    name: 'overwritten in a bucket whose versioning is suspended',
    script: ({ setBucket, put, after }) => {
      setBucket('versioned')
      put('notes/a.jsonl', note('a'))
      after(minuteMs, () => {
        setBucket('suspended')
        put('notes/a.jsonl', note('b'))
        put('notes/a.jsonl', note('c'))
      })
    },
    shows: ({ sealed }) => sealed.reduce((sum, { rows }) => sum + rows, 0) === 2,
  },
]
