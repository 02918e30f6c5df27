import { breakerIdOf } from '@silversmith/core'
import { createMemoryLedger } from '@silversmith/simulation'
import { expect, it } from 'vitest'
import { findRest } from './rest.ts'

const { signal } = new AbortController()

it('finds the breaker that keeps a target or a table of it from being called', async () => {
  const ledger = createMemoryLedger()
  const rest = () => findRest(ledger, 'clickhouse', ['raw_events', 'shipments'], signal)
  expect(await rest()).toBeUndefined()

  const problem = 'SCHEMA: no such column'
  const table = breakerIdOf('local', 'clickhouse', 'shipments')
  await ledger.write({ kind: 'breaker', id: table, failures: 3, openUntil: 9, problem }, 0, signal)
  expect(await rest()).toEqual({ table: 'shipments', until: 9, problem })
  expect(await findRest(ledger, 'silver', ['raw_events', 'shipments'], signal)).toBeUndefined()

  const whole = breakerIdOf('local', 'clickhouse')
  await ledger.write({ kind: 'breaker', id: whole, failures: 2 }, 0, signal)
  expect(await rest()).toMatchObject({ table: 'shipments' })
  await ledger.write({ kind: 'breaker', id: whole, failures: 3, openUntil: 7 }, 1, signal)
  expect(await rest()).toEqual({ until: 7, problem: '' })
})
