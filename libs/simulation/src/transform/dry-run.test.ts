import type { Ledger, Store, Target } from '@silversmith/core'
import { dryRun } from '@silversmith/flow'
import { expect, test } from 'vitest'
import { createRoom } from './transform-room.ts'

/** Every call that changes something, by name. */
const watch = () => {
  const calls: string[] = []
  const note = <Port extends object>(
    port: Port,
    names: readonly (keyof Port & string)[],
  ): Port => ({
    ...port,
    ...Object.fromEntries(
      names.map((name) => [
        name,
        (...given: unknown[]) => {
          calls.push(name)
          return (port[name] as (...all: unknown[]) => unknown)(...given)
        },
      ]),
    ),
  })
  return {
    calls,
    store: (store: Store) => note(store, ['write', 'copy', 'remove', 'purge']),
    ledger: (ledger: Ledger) => note(ledger, ['write']),
    clickhouse: (target: Target) => note(target, ['has', 'put', 'check']),
  }
}

const body = [
  '{"id": "a", "at": 1767607871000}',
  '{"id": "b", "at": 1767694271000}',
  '{"at": 1}',
  'no JSON',
  '{"id": "skip"}',
].join('\n')

const setOut = () => {
  const watched = watch()
  const room = createRoom(watched)
  const run = (...sources: Parameters<typeof dryRun>[1]) =>
    dryRun({ ...room.deps, targets: ['silver', 'clickhouse'] }, sources, room.call())
  return { ...room, watched, dry: run }
}

test('a dry run tells what a load would make, and no port is written to', async () => {
  const { dry, ledger, log, put, queue, rows, store, watched } = setOut()
  const source = put('k', body)
  const files = [...store.files.keys()]
  const report = await dry(source)
  expect(report).toMatchObject({
    dryRun: true,
    objects: [
      {
        ...{ url: 's3://b/k', dataset: 'notes', disposition: 'rows', sizeBytes: body.length },
        ...{ records: 5, rows: 2, rejected: 2, discarded: 1 },
      },
    ],
    datasets: {
      notes: {
        ...{ records: 5, rows: 2, rejected: 2, discarded: 1 },
        rejectedByReason: { no_id: 1, invalid_json: 1 },
      },
    },
    tables: { notes: { rows: 2, chunks: 1, silverFiles: 2 } },
    quarantine: { files: 2 },
  })
  expect(watched.calls).toEqual([])
  expect(ledger.items()).toEqual([])
  expect([...store.files.keys()]).toEqual(files)
  expect(queue.take()).toEqual([])
  expect(log.events).toEqual([])
  expect(rows()).toEqual([])
})

test('what it told is what a load then makes', async () => {
  const { dry, manifests, put, run } = setOut()
  const source = put('k', body)
  const { tables, objects, quarantine } = await dry(source)
  expect(await run(source)).toEqual([])
  const [manifest] = manifests()
  const { chunks = [], quarantine: files = [], sources = [] } = manifest ?? {}
  expect(tables['notes']).toEqual({
    rows: chunks.reduce((sum, { rows }) => sum + rows, 0),
    chunks: chunks.length,
    silverFiles: chunks.flatMap(({ days = [] }) => days).length,
    silverBytes: expect.any(Number),
    insertBytes: expect.any(Number),
  })
  const [table] = Object.values(tables)
  const bytes = chunks.map(({ block }) => block?.sizeBytes ?? 0)
  // Names of batches are equally long, and the clock moved: sizes may differ by some bytes of it.
  expect(Math.abs((table?.insertBytes ?? 0) - bytes.reduce((a, b) => a + b, 0))).toBeLessThan(64)
  expect(quarantine.files).toBe(files.length)
  expect(objects.map(({ records }) => records)).toEqual(sources.map(({ records }) => records))
})

test('an object that is gone, or of no route, is told as that', async () => {
  const { dry, put } = setOut()
  const source = put('k', body)
  put('k', 'another')
  const { objects } = await dry(source, { ...put('other', body), dataset: undefined })
  expect(objects.map(({ disposition }) => disposition)).toEqual(['gone', 'unrouted'])
})

test('what cannot be read now is raised, with its reason', async () => {
  const room = createRoom({
    bronze: (bronze) => ({ ...bronze, open: () => Promise.reject(new Error('a bug')) }),
  })
  const source = room.put('k', body)
  await expect(
    dryRun({ ...room.deps, targets: ['silver'] }, [source], room.call()),
  ).rejects.toThrow(/^Error at /)
})
