import type { Batch } from '@silversmith/core'
import type { PauseResult, PauseView } from '@silversmith/flow'
import { expect, it } from 'vitest'
import { describePause, describePlan } from './pause-text.ts'

const now = Date.UTC(2026, 10, 21, 12)
const mapping = {
  ...{ id: 'm', queue: 'objects', queueArn: 'arn:o', isKnown: true, state: 'disabled' as const },
  ...{
    functionName: 'arn:aws:lambda:eu-west-1:1:function:transform',
    changedAt: now - 259_200_000,
  },
}
const view: PauseView = {
  mappings: [mapping, { ...mapping, id: 'x', queue: 'arn:x', isKnown: false, state: 'enabled' }],
  depths: [
    { queue: 'arrivals', queueArn: 'arn:a', ready: 1, delayed: 2, inFlight: 0 },
    { queue: 'objects', queueArn: 'arn:o', ready: 4, delayed: 0, inFlight: 5 },
  ],
  ...{ open: [], unseen: undefined },
}
const sealed: Batch = {
  ...{ kind: 'batch', id: 'B', pipeline: 'p', state: 'S', owner: 'o', leaseUntil: now },
  ...{ sourceCount: 1, problems: { clickhouse: 'TARGET_RESTING: later' } },
}
const textOf = (own: Partial<PauseResult>) =>
  describePause({ empty: false, waits: [], view, handed: [], ...own }, now - 61_000, now)
const rows = [
  'queue      feeds       mapping    since     ready   in flight',
  'arrivals               none                     3           0',
  'objects    transform   disabled   3 d ago       4           5',
  'arn:x      transform   enabled    3 d ago   ?       ?',
]

it('a plan names what would be disabled, since when each is as it is, and queues nobody named', () => {
  const lines = describePlan(view, now).split('\n')
  expect(lines.slice(0, 4).map((line) => line.replaceAll(/\s+/g, ' '))).toEqual(
    rows.map((line) => line.replaceAll(/\s+/g, ' ')),
  )
  expect(lines).toContain('would be disabled: 1 mapping')
  expect(describePlan({ ...view, unseen: 'LEDGER_DENIED: no' }, now)).toContain('LEDGER_DENIED: no')
})

it('a pause that is empty says so, and how to go on', () => {
  const text = textOf({ empty: true, handed: ['B'] })
  expect(text).toContain('handed to transform to be applied: 1')
  expect(text).toMatch(/\npaused: no mapping is enabled.*silversmith resume --yes goes on$/)
})

it('one that a target keeps from being empty says what to do about that', () => {
  const text = textOf({ waits: [{ kind: 'batch', batch: sealed }] })
  expect(text).toContain('not empty after 1 min; what comes in waits')
  expect(text).toContain('  batch B is sealed: clickhouse: TARGET_RESTING: later')
  expect(text).toMatch(/mend what it names.*TRUNCATE.*batch reject\nRun it again to wait on/s)
  const calm = { ...sealed, problems: {} }
  const other = textOf({ waits: [{ kind: 'batch', batch: calm }] })
  expect(other).toContain('batch B is sealed: it is being applied')
  expect(other).not.toContain('TRUNCATE')
})

it('one that somebody resumed gives up, and does not say that messages wait', () => {
  const text = textOf({ waits: [{ kind: 'enabled', queue: 'objects', functionName: 'transform' }] })
  expect(text).toContain('given up after 1 min:\n  somebody enabled the mapping of objects')
  expect(text).not.toContain('waits in its queue')
})

it('what feeds no transform is no pipeline', () => {
  const none = { ...view, mappings: [] }
  for (const text of [textOf({ view: none }), describePlan(none, now)])
    expect(text).toMatch(/^no event source mapping takes from the objects queue/)
})

it('tells the first twenty of many', () => {
  const waits = Array.from({ length: 30 }, () => ({ kind: 'batch' as const, batch: sealed }))
  expect(textOf({ waits }).match(/batch B is sealed/g)).toHaveLength(20)
  expect(textOf({ waits })).toContain('… and 10 more; --json has all')
})
