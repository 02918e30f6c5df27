import { note } from './notes.ts'
import type { Scenario } from './scenario.ts'

const minuteMs = 60_000

/** What may happen to messages, workers and targets. */
export const faultScenarios: readonly Scenario[] = [
  {
    name: 'a reload',
    script: ({ put, reload, after }) => {
      const version = put('notes/a.jsonl', note('a'))
      after(2 * minuteMs, () => reload(version))
    },
    shows: ({ sealed, committed }) => committed === 2 && sealed[1]?.chunks === 2,
  },
  {
    name: 'a reload of many chunks, the entries of the reload last',
    script: ({ put, reload, after }) => {
      const version = put('notes/a.jsonl', note('a', '2026-04-30', ['x']) + note('b', '2026-05-01'))
      after(2 * minuteMs, () => reload(version))
    },
    shows: ({ sealed }) => sealed[1]?.chunks === 4,
  },
  {
    name: 'two reloads at once',
    script: ({ put, reload, after }) => {
      const version = put('notes/a.jsonl', note('a'))
      after(2 * minuteMs, () => {
        reload(version)
        reload(version)
      })
    },
    shows: ({ sealed }) => sealed.length >= 2,
  },
  {
    name: 'a reload while the first load is open',
    script: ({ put, reload, after, takeDown }) => {
      const version = put('notes/a.jsonl', note('a'))
      takeDown('CLICKHOUSE', 4 * minuteMs, 'throttled')
      after(2 * minuteMs, () => reload(version))
      after(12 * minuteMs, () => undefined)
    },
    shows: ({ sealed, failedAt }) => sealed.length === 2 && (failedAt['clickhouse'] ?? 0) > 0,
  },
  {
    name: 'poison alone',
    script: ({ put }) => void put('notes/a.jsonl', note('a'), { isPoison: true }),
    shows: ({ sealed: [batch] }) => batch?.dispositions['poison'] === 1,
  },
  {
    name: 'poison among healthy objects',
    script: ({ put }) => {
      put('notes/a.jsonl', note('a'))
      put('notes/b.jsonl', note('b'), { isPoison: true })
      put('notes/c.jsonl', note('c'))
    },
    shows: ({ sealed, aborted }) =>
      aborted.includes('lost') && sealed.some(({ dispositions }) => dispositions['poison']),
  },
  {
    name: 'every event twice',
    script: ({ put, tell }) => {
      tell(put('notes/a.jsonl', note('a')))
      tell(put('notes/b.jsonl', note('b')))
    },
    shows: ({ sealed }) => sealed.reduce((sum, { sources }) => sum + sources, 0) === 2,
  },
  {
    name: 'a message delivered again while it is worked at',
    script: ({ put, after }) => {
      put('notes/a.jsonl', note('a'))
      put('notes/b.jsonl', note('b'))
      after(2 * minuteMs, () => undefined)
    },
    troubles: { shortVisibility: 1, slowRead: 1 },
    shows: ({ sealed, transforms }) =>
      transforms > 2 && sealed.reduce((sum, { sources }) => sum + sources, 0) === 2,
  },
  {
    name: 'a message that comes again after the commit, its deletion lost',
    script: ({ put, after }) => {
      put('notes/a.jsonl', note('a'))
      after(8 * minuteMs, () => undefined)
    },
    troubles: { lostDelete: 1 },
    shows: ({ sealed, transforms }) => transforms > 1 && sealed.length === 1,
  },
  {
    name: 'an event never delivered, found by a listing',
    script: ({ put, reconcileNow, after }) => {
      put('notes/a.jsonl', note('a'), { isTold: false })
      put('notes/b.jsonl', note('b'))
      after(65 * minuteMs, reconcileNow)
    },
    shows: ({ sealed }) => sealed.length === 2,
  },
  {
    name: 'ClickHouse down during apply, then back',
    script: ({ put, takeDown, after }) => {
      put('notes/a.jsonl', note('a') + note('b', '2026-04-30'))
      takeDown('CLICKHOUSE', 4 * minuteMs, 'throttled')
      after(12 * minuteMs, () => undefined)
    },
    shows: ({ failedAt, swept, committed }) =>
      (failedAt['clickhouse'] ?? 0) > 0 && swept > 0 && committed === 1,
  },
  {
    name: 'ClickHouse taking rows and never answering, then well',
    script: ({ put, takeDown, after }) => {
      put('notes/a.jsonl', note('a') + note('b', '2026-04-30'))
      takeDown('CLICKHOUSE', 4 * minuteMs, 'response-lost')
      after(12 * minuteMs, () => undefined)
    },
    shows: ({ failedAt, committed }) => (failedAt['clickhouse'] ?? 0) > 0 && committed === 1,
  },
  {
    name: 'silver failing while ClickHouse works',
    script: ({ put, takeDown, after }) => {
      put('notes/a.jsonl', note('a') + note('b', '2026-04-30'))
      takeDown('SILVER', 4 * minuteMs, 'throttled')
      after(12 * minuteMs, () => undefined)
    },
    shows: ({ failedAt, committed }) =>
      (failedAt['silver'] ?? 0) > 0 && failedAt['clickhouse'] === undefined && committed === 1,
  },
  {
    name: 'a sealed batch forgotten by its worker, and swept',
    script: ({ put, after }) => {
      put('notes/a.jsonl', note('a') + note('b', '2026-04-30'))
      after(7 * minuteMs, () => undefined)
    },
    fault: { label: 'transform ledger.write batch * S', fate: 'crash-after' },
    shows: ({ swept, committed }) => swept > 0 && committed === 1,
  },
  {
    name: 'a forming batch abandoned by its worker, and swept',
    script: ({ put, after }) => {
      put('notes/a.jsonl', note('a'))
      after(7 * minuteMs, () => undefined)
    },
    fault: { label: 'transform store.write _batches/', fate: 'crash-before' },
    shows: ({ aborted, committed }) => aborted.includes('lost') && committed === 1,
  },
  {
    name: 'a worker frozen before its seal, its source taken over',
    script: ({ put, after }) => {
      put('notes/a.jsonl', note('a'))
      after(25 * minuteMs, () => undefined)
    },
    fault: { label: 'transform store.write _batches/', fate: 'pause' },
    shows: ({ committed }) => committed === 1,
  },
  {
    name: 'a batch given up in an outage of the bucket, and made anew',
    script: ({ put, takeDown, after }) => {
      put('notes/a.jsonl', note('a'))
      takeDown('BRONZE', 3 * minuteMs, 'throttled')
      after(12 * minuteMs, () => undefined)
    },
    shows: ({ aborted, committed }) => aborted.includes('failed') && committed === 1,
  },
  {
    name: 'a message in the dead-letter queue, handed back',
    script: ({ put, takeDown, redrive, after }) => {
      put('notes/a.jsonl', note('a'))
      takeDown('BRONZE', 60 * minuteMs, 'throttled')
      after(70 * minuteMs, redrive)
    },
    shows: ({ aborted, committed }) => aborted.length >= 7 && committed === 1,
  },
  {
    name: 'messages that are data, one of them no record',
    script: ({ send }) => [note('a'), '{"id":', note('b')].forEach(send),
    shows: ({ sealed }) =>
      sealed.reduce((sum, { rows, rejected }) => sum + rows + rejected, 0) === 3,
  },
  {
    name: 'a message that is data in the dead-letter queue, handed on under its first identity',
    script: ({ send, takeDown, redrive, after }) => {
      send(note('a'))
      takeDown('STORE', 60 * minuteMs, 'throttled')
      after(70 * minuteMs, redrive)
    },
    shows: ({ aborted, committed }) => aborted.length >= 7 && committed === 1,
  },
]
