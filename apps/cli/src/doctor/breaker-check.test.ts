import type { Breaker, Ledger } from '@silversmith/core'
import { expect, it } from 'vitest'
import { breakerCheckerOf } from './breaker-check.ts'

const now = 1_770_000_000_000
const { signal } = new AbortController()

const look = async (breakers: readonly Partial<Breaker>[]) => {
  const read: Ledger['read'] = (keys) =>
    Promise.resolve(
      keys.map((key) => {
        const item = breakers.find(({ id }) => key.kind === 'breaker' && key.id === id)
        return item && { item: { kind: 'breaker', failures: 3, ...item } as Breaker, revision: 1 }
      }),
    ) as ReturnType<Ledger['read']>
  const room = { pipeline: 'p', targets: ['silver', 'clickhouse'], ledger: { read } }
  const found = await breakerCheckerOf({ ...room, now: () => now })(signal)
  return found.map(({ state, found: said }) => `${state}: ${said}`)
}

it('tells of targets and tables that are not called, whatever they hold', async () => {
  expect(await look([])).toEqual(['ok: all targets are called'])
  expect(await look([{ id: 'p/clickhouse', failures: 2 }])).toEqual(['ok: all targets are called'])
  const openUntil = now + 60_000
  for (const id of ['p/clickhouse', 'p/clickhouse/_reloads', 'p/clickhouse/sqs_messages'])
    expect(await look([{ id, openUntil, problem: 'TARGET_UNAVAILABLE: down' }])).toEqual([
      `wrong: ${id} failed 3 times and is not called until 2026-02-02T02:41:00.000Z: TARGET_UNAVAILABLE: down`,
    ])
})

it('warns of one that is about to be tried', async () => {
  expect(await look([{ id: 'p/silver', openUntil: now - 1, problem: 'X' }])).toEqual([
    'warning: p/silver failed 3 times, and its next call is a probe: X',
  ])
})

it('knows nothing where the ledger cannot be read', async () => {
  const read: Ledger['read'] = () => Promise.reject(new Error('learner-4711'))
  const check = breakerCheckerOf({ pipeline: 'p', ledger: { read }, now: () => now })
  const [found] = await check(signal)
  expect(found?.state).toBe('unseen')
  expect(JSON.stringify(found)).not.toContain('4711')
})
