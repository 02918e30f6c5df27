import { deafToClosing } from './ledger-lies.ts'
import type { Mutant, Terrain } from './mutant.ts'
import { findManyCalls, findOpened } from './restraint.ts'
import { editFlow } from './source-edit.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

const note = (id: string): string => `{"id":"${id}","time":"2026-05-01T10:00:00Z","marks":["x"]}\n`

/** ClickHouse is away for eight hours while objects come every ten minutes. */
const awayAllDay: Terrain = {
  script: ({ after, put, takeDown }) => {
    takeDown('CLICKHOUSE', 8 * hourMs, 'throttled')
    for (let n = 0; n < 40; n += 1)
      after(n * 10 * minuteMs, () => put(`notes/${n}.jsonl`, note(`${n}`)))
    after(9 * hourMs, () => undefined)
  },
  // A probe every five minutes, of five tries; not one call for each batch that waits.
  judge: (trace) =>
    findManyCalls(trace, { fromMs: hourMs, untilMs: 8 * hourMs, callsMax: 7 * 12 * 10 }),
}

/** ClickHouse hiccups once an hour, each time while an object is loaded. */
const hiccups: Terrain = {
  script: ({ after, put, takeDown }) => {
    for (let n = 0; n < 6; n += 1)
      after(n * hourMs, () => {
        takeDown('CLICKHOUSE', 40_000, 'throttled')
        put(`notes/${n}.jsonl`, note(`${n}`))
      })
  },
  judge: findOpened,
}

/** The probe lands the only batch, and the ledger cannot be told: nothing is left to find out by. */
const deafLedger: Terrain = {
  script: ({ after, put, takeDown }) => {
    takeDown('CLICKHOUSE', 2 * hourMs, 'throttled')
    put('notes/1.jsonl', note('1'))
    after(3 * hourMs, () => undefined)
  },
  mutation: { ledger: deafToClosing },
}

/** Breaks of how a target that fails is left alone, and found again. */
export const breakerMutants: readonly Mutant[] = [
  {
    name: 'a success does not take back the failures before it',
    edits: [
      editFlow(
        'breaker/breaker.ts',
        `(!isOpen && breaker.failures === 0)) return undefined`,
        `!isOpen) return undefined`,
      ),
    ],
    terrain: hiccups,
    worldsMax: 5,
  },
  {
    name: 'several workers probe a target at a time',
    edits: [
      editFlow(
        'breaker/breaker.ts',
        `return probe && now < probe.until ? { kind: 'wait', until: probe.until } : { kind: 'probe' }`,
        `return { kind: 'probe' }`,
      ),
    ],
    terrain: { troubles: { targetDown: 0.3, longOutage: 1 } },
    worldsMax: 100,
  },
  {
    name: 'each process counts failures for itself',
    edits: [
      editFlow(
        'breaker/breaker.ts',
        `const failures = (breaker?.failures ?? 0) + 1`,
        `const failures = 1`,
      ),
    ],
    terrain: awayAllDay,
    worldsMax: 5,
  },
  {
    name: 'a target is probed only where a batch waits for it',
    edits: [
      editFlow(
        'apply/sweep.ts',
        `for (const target of due)`,
        `for (const target of [] as string[])`,
      ),
    ],
    terrain: deafLedger,
    worldsMax: 5,
  },
  {
    name: 'a probe that died is waited for for ever',
    edits: [editFlow('breaker/breaker.ts', `probe && now < probe.until ?`, `probe ?`)],
    terrain: { troubles: { targetDown: 0.3, crashAfter: 0.05 } },
    worldsMax: 100,
  },
  {
    name: 'a call that began before the breaker opened closes it',
    edits: [
      editFlow(
        'breaker/breaker.ts',
        `if (isOpen && breaker.probe?.owner !== owner) return undefined`,
        ``,
      ),
    ],
    terrain: { troubles: { targetDown: 0.3 } },
    worldsMax: 200,
  },
]
