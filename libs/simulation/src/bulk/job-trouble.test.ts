import { Fault, type Job, type Store } from '@silversmith/core'
import { readReport, sumReport } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createBulkRoom, linesOf } from './bulk-room.ts'

type Room = ReturnType<typeof createBulkRoom>

const readJob = async ({ ledger, call }: Room): Promise<Job> => {
  const [found] = await ledger.read([{ kind: 'job', id: 'p/job' }], call().signal)
  return found?.item as Job
}

/** Whose manifests cannot be read while `fault` gives a reason. */
const createTroubled = (fault: () => Fault | undefined): Room => {
  const room: Room = createBulkRoom({
    replace: {
      store: new Proxy({} as Store, {
        get: (_, name: keyof Store) =>
          name === 'read'
            ? async (...args: Parameters<Store['read']>) => {
                const thrown = args[0].startsWith('_batches/') ? fault() : undefined
                if (thrown) throw thrown
                return room.store.read(...args)
              }
            : room.store[name],
      }),
    },
  })
  return room
}

describe('manifests that cannot be read for a while', () => {
  test.each(['STORE_UNAVAILABLE', 'STORE_DENIED'] as const)(
    'keep no object out of a reload: %s',
    async (code) => {
      let fault: Fault | undefined
      const room = createTroubled(() => fault)
      await room.room.run(room.put('a.jsonl', linesOf('a')))
      fault = new Fault(code, 'not now')
      expect(await room.run('job', { force: true })).toMatchObject({
        ...{ failedParts: 1, counts: { sent: 0 } },
        parts: [{ state: 'failed', problem: `${code}: not now` }],
      })
      fault = undefined
      await room.turn('job', 'resume')
      expect(await room.goOn('job')).toMatchObject({ state: 'done', counts: { sent: 1 } })
    },
  )

  test('are no failure of their objects in a report', async () => {
    const room = createTroubled(() => new Fault('STORE_UNAVAILABLE', 'not now'))
    room.put('a.jsonl', linesOf('a'))
    await room.run('job')
    await room.load()
    const pages = readReport(room.deps, await readJob(room), room.call())
    await expect(pages.next()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

test('a look that its call ends has no sum, whatever was under way', async () => {
  const room = createBulkRoom()
  room.put('a.jsonl', linesOf('a'))
  await room.run('job')
  const job = await readJob(room)
  const stop = new AbortController()
  stop.abort()
  const call = { ...room.callOf(60_000), signal: stop.signal }
  expect(await sumReport(room.deps, job, call)).toBeUndefined()
})

test('a budget that is changed counts from now on, also while the one before is spent for days', async () => {
  const room = createBulkRoom()
  for (const name of ['a', 'b', 'c']) room.put(`${name}.jsonl`, linesOf(name))
  const slow = { objectsPerSecond: 0.00001 }
  expect(await room.run('job', { budget: slow })).toMatchObject({ counts: { sent: 1 } })
  const budget = { objectsPerSecond: 100 }
  expect(await room.run('job', { budget })).toMatchObject({ state: 'done', counts: { sent: 3 } })
})

test.each([{ objectsPerSecond: 1e-308 }, { bytesPerSecond: 1e-9 }])(
  'a budget of nearly nothing, %o, rests until a date there is',
  async (budget) => {
    const room = createBulkRoom()
    for (const name of ['a', 'b']) room.put(`${name}.jsonl`, linesOf(name))
    const { restUntil = 0 } = (await room.run('job', { budget })) ?? {}
    expect(restUntil).toBeGreaterThan(room.clock.now() + 30 * 86_400_000)
    expect(new Date(restUntil).toISOString()).toMatch(/^20/)
  },
)

test('whose ledger was lost is not begun again on the slices of before: these may be of another request', async () => {
  const room = createBulkRoom()
  for (const name of ['a/1', 'b/1', 'b/2']) room.put(`${name}.jsonl`, linesOf(name))
  await room.run('job', { prefixes: ['a/'] })
  const [found] = await room.ledger.read([{ kind: 'job', id: 'p/job' }], room.call().signal)
  expect(found).toBeDefined()
  const ledger = createBulkRoom().ledger
  const later: Room = createBulkRoom({ replace: { ledger, store: room.store } })
  for (const name of ['b/1', 'b/2']) later.put(`${name}.jsonl`, linesOf(name))
  await expect(later.run('job', { prefixes: ['b/'] })).rejects.toMatchObject({
    ...{ code: 'JOB_REFUSED', message: expect.stringContaining('another name') },
  })
  expect(await later.run('job-2', { prefixes: ['b/'] })).toMatchObject({ counts: { sent: 2 } })
})
