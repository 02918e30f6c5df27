import { type Breaker, breakerStateOf, Fault } from '@silversmith/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admit, type Outcome, outcomeOfTable, outcomeOfTarget, settle } from './breaker.ts'

const id = 'blue/clickhouse'
const limits = { failuresMax: 3, openMs: 300_000 }
const failure: Outcome = { failed: 'failure', problem: 'TARGET_UNAVAILABLE: no answer' }
const refusal: Outcome = { failed: 'refusal', problem: 'TARGET_DENIED: who?' }

const after = (
  breaker: Breaker | undefined,
  outcome: Outcome,
  now: number,
  owner = 'a',
): Breaker | undefined => settle(breaker, { id, outcome, owner, now, limits }) ?? breaker

const failedAt = (...times: readonly number[]): Breaker | undefined =>
  times.reduce<Breaker | undefined>((breaker, now) => after(breaker, failure, now), undefined)

const probed = (breaker: Breaker | undefined, owner: string, until: number): Breaker => ({
  ...(breaker as Breaker),
  probe: { owner, until },
})

describe('a breaker', () => {
  test('opens with the third failure in a row, for five minutes', () => {
    expect(admit(failedAt(1_000, 2_000), 2_000)).toEqual({ kind: 'pass' })
    const open = failedAt(1_000, 2_000, 3_000)
    expect(open).toMatchObject({ failures: 3, openedAt: 3_000, openUntil: 303_000 })
    expect(admit(open, 302_999)).toEqual({ kind: 'wait', until: 303_000 })
    expect(admit(open, 303_000)).toEqual({ kind: 'probe' })
  })

  test('counts failures in a row only', () => {
    const again = after(after(failedAt(1_000, 2_000), 'success', 3_000), failure, 4_000)
    expect(again).toMatchObject({ failures: 1 })
    expect(admit(again, 4_000)).toEqual({ kind: 'pass' })
  })

  test('opens at once for a refusal', () => {
    expect(after(undefined, refusal, 1_000)).toMatchObject({ failures: 1, openUntil: 301_000 })
  })

  test('stays open as long as the server asks', () => {
    const asked = after(failedAt(1, 2), { ...refusal, retryAfterMs: 1_200_000 }, 3)
    expect(asked?.openUntil).toBe(1_200_003)
    expect(after(failedAt(1, 2), { ...refusal, retryAfterMs: 5 }, 3)?.openUntil).toBe(300_003)
  })

  test('lets one probe in at a time, and another once that is silent for too long', () => {
    const half = probed(failedAt(1, 2, 3), 'a', 400_000)
    expect(admit(half, 399_999)).toEqual({ kind: 'wait', until: 400_000 })
    expect(admit(half, 400_000)).toEqual({ kind: 'probe' })
  })

  test('is closed by a probe that succeeds, and opened again by one that fails', () => {
    const half = probed(failedAt(1, 2, 3), 'a', 400_000)
    expect(after(half, 'success', 350_000)).toEqual({
      ...{ kind: 'breaker', id, failures: 0, closedAt: 350_000 },
    })
    const again = after(half, failure, 350_000)
    expect(again).toMatchObject({ failures: 4, openedAt: 3, openUntil: 650_000 })
    expect(again?.probe).toBeUndefined()
  })

  test('is due again when its probe came to nothing', () => {
    const due = after(probed(failedAt(1, 2, 3), 'a', 400_000), 'unknown', 350_000)
    expect(admit(due, 350_000)).toEqual({ kind: 'probe' })
  })

  test.each<Outcome>(['success', 'unknown', failure, refusal])(
    'that is open hears nobody but its probe: %o',
    (outcome) => {
      const half = probed(failedAt(1, 2, 3), 'a', 400_000)
      expect(after(half, outcome, 350_000, 'b')).toBe(half)
    },
  )

  test('needs no write while all goes well', () => {
    const closed = after(failedAt(1), 'success', 2)
    for (const breaker of [undefined, closed])
      expect(
        settle(breaker, { id, outcome: 'success', owner: 'a', now: 3, limits }),
      ).toBeUndefined()
  })
})

/** What may happen to a breaker, one after the other. */
const step = fc.record({
  afterMs: fc.integer({ min: 0, max: 400_000 }),
  owner: fc.constantFrom('a', 'b', 'c'),
  outcome: fc.constantFrom<Outcome>('success', 'unknown', failure, refusal),
})

test('whatever happens, it is due again within the wait or the life of a probe', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const probeMs = 120_000
      let now = 1_000
      let breaker: Breaker | undefined
      for (const { afterMs, owner, outcome } of steps) {
        now += afterMs
        if (admit(breaker, now).kind === 'probe') breaker = probed(breaker, owner, now + probeMs)
        breaker = after(breaker, outcome, now, owner)
        const admission = admit(breaker, now)
        const longest = Math.max(limits.openMs, probeMs)
        if (admission.kind === 'wait') expect(admission.until).toBeLessThanOrEqual(now + longest)
        expect(admit(breaker, now + longest).kind).not.toBe('wait')
        if (breakerStateOf(breaker, now) === 'closed') expect(breaker?.probe).toBeUndefined()
      }
    }),
  )
})

test.each([
  ['TARGET_UNAVAILABLE', 'failure', 'unknown'],
  ['TARGET_OUTCOME_UNKNOWN', 'failure', 'unknown'],
  ['TARGET_DENIED', 'refusal', 'unknown'],
  ['TARGET_FORBIDDEN', 'success', 'refusal'],
  ['TARGET_MISCONFIGURED', 'success', 'failure'],
  ['TARGET_REFUSED_DATA', 'success', 'failure'],
  ['TARGET_RESTING', 'unknown', 'unknown'],
  ['DEADLINE_REACHED', 'unknown', 'unknown'],
  ['LEDGER_UNAVAILABLE', 'unknown', 'unknown'],
  ['STORE_UNAVAILABLE', 'unknown', 'unknown'],
  ['PIPELINE_CHANGED', 'unknown', 'unknown'],
] as const)('%s tells of the target: %s, of its table: %s', (code, target, table) => {
  const fault = new Fault(code, 'why')
  expect([outcomeOfTarget(fault), outcomeOfTable(fault)]).toEqual([target, table])
})
