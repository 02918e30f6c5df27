import type { EventMapping } from '@silversmith/core'
import type { BreakerView, OpenWork } from '@silversmith/flow'
import { expect, it } from 'vitest'
import { attentionOf } from './attention.ts'
import type { QueueStatus } from './status.ts'

const queueOf = (queue: string, dead: number | undefined, ...states: EventMapping['state'][]) => {
  const queueArn = `arn:${queue}`
  const mappings = states.map((state, n) => ({
    ...{ id: `${n}`, queueArn, functionName: 'transform', state, changedAt: 0 },
  }))
  const status: QueueStatus = {
    ...{ queue, queueArn, ready: 9, delayed: 0, inFlight: 1, dead, mappings },
  }
  return status
}
const workOf = (state: OpenWork['state'], batches: number): OpenWork => ({
  ...{ state, batches, rows: 0, young: 0, middling: 0, old: 0, oldestAt: 0, nextAt: 0 },
})
const breakerOf = (state: BreakerView['state'], table?: string): BreakerView => ({
  ...{ target: 'clickhouse', table, state, failures: 1, openedAt: 0, retryAt: 0, problem: 'no' },
})
const well = {
  queues: [queueOf('arrivals', 0, 'enabled'), queueOf('objects', undefined, 'enabled')],
  open: { work: [workOf('sealed', 9), workOf('forming', 3)], problems: [], isCut: false },
  breakers: [breakerOf('closed')],
}

it('is of nobody where queues are fed, batches on their way, and breakers closed', () => {
  expect(attentionOf(well)).toEqual([])
  expect(attentionOf({ queues: [], open: undefined, breakers: undefined })).toEqual([])
})

it('names what is paused, fed by nobody, dead, failing, or not called, with its command', () => {
  const found = attentionOf({
    queues: [
      ...[queueOf('arrivals', 2, 'disabled'), queueOf('objects', 3, 'enabled', 'changing')],
      queueOf('messages/q', undefined),
    ],
    open: { ...well.open, work: [...well.open.work, workOf('failing', 7)] },
    breakers: [breakerOf('open', 'raw_events'), breakerOf('half-open'), breakerOf('closed')],
  })
  expect(found).toEqual([
    'paused: nothing takes from arrivals, objects; silversmith resume --yes ends that',
    'no event source mapping takes from messages/q: is its URL the right one?',
    'dead letters: about 5; silversmith dlq list says why',
    'batches that could not be applied: 7; silversmith batch list --state failing has each',
    'clickhouse, table raw_events is not called: no',
    'clickhouse is not called: no',
  ])
})

it('does not take mappings that could not be asked for, for none', () => {
  const [one] = well.queues
  expect(attentionOf({ ...well, queues: [{ ...one!, mappings: undefined }] })).toEqual([])
})
