import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Existing, ExistingTable } from './existing.ts'
import { tableKey } from './existing.ts'
import { smallWindowsOf, viewProblemsOf } from './window.ts'

const tableOf = (name: string, more: Partial<ExistingTable> = {}): ExistingTable => ({
  ...{ name, engine: 'ReplacingMergeTree', partitionKey: '', sortingKey: '', comment: '' },
  ...{ settings: {}, columns: [], feeds: [] },
  ...more,
})

const names = {
  single: 'non_replicated_deduplication_window',
  replicated: 'replicated_deduplication_window',
  seconds: 'replicated_deduplication_window_seconds',
}
const engine = fc.constantFrom(
  ...[
    'MergeTree',
    'ReplacingMergeTree',
    'ReplicatedReplacingMergeTree',
    'SharedReplacingMergeTree',
  ],
)
const window = fc.integer({ min: 1, max: 1_000_000 })
/** A value as a server tells it, or one that is none. */
const valueOf = (number: number): string => String(number)
const none = fc.constantFrom('', 'x', '-1', '1,000,000', 'NaN')

const refused = (
  table: ExistingTable,
  deduplicationWindow: number,
  defaults: Existing['defaults'] = {},
): readonly string[] =>
  smallWindowsOf(table, 'd', { defaults, tables: new Map() }, { deduplicationWindow }, '').map(
    ({ reason, statement }) => `${reason} ${statement}`,
  )

const isReplicated = (name: string): boolean => /^(Replicated|Shared)/.test(name)

describe('preflight refuses', () => {
  test('every window of blocks below the rule, and none that is not', () => {
    fc.assert(
      fc.property(engine, window, fc.integer({ min: -5, max: 2_000_000 }), (kind, rule, has) => {
        const name = isReplicated(kind) ? names.replicated : names.single
        const settings = { [names.seconds]: '604800', [name]: valueOf(has) }
        const problems = refused(tableOf('t', { engine: kind, settings }), rule)
        expect(problems).toHaveLength(has < rule ? 1 : 0)
        if (has < rule) expect(problems[0]).toContain(`MODIFY SETTING ${name} = ${rule}`)
      }),
      { numRuns: 500 },
    )
  })

  test('every window of a replicated table that forgets within the hour', () => {
    fc.assert(
      fc.property(engine, fc.nat(7_200), (kind, seconds) => {
        const settings = { ...all('1000000'), [names.seconds]: valueOf(seconds) }
        const problems = refused(tableOf('t', { engine: kind, settings }), 10)
        expect(problems).toHaveLength(isReplicated(kind) && seconds < 3_600 ? 1 : 0)
      }),
    )
  })

  test('a window that is not set, or is no number, unless the server has one that is large enough', () => {
    fc.assert(
      fc.property(
        engine,
        window,
        fc.option(none),
        fc.option(window),
        (kind, rule, own, general) => {
          const settings = own === null ? {} : all(own)
          const defaults = general === null ? {} : all(valueOf(general))
          const problems = refused(tableOf('t', { engine: kind, settings }), rule, defaults)
          const isEnough = own === null && general !== null && general >= rule
          const isYoung =
            isReplicated(kind) && (own !== null || general === null || general < 3_600)
          expect(problems).toHaveLength((isEnough ? 0 : 1) + (isYoung ? 1 : 0))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('a materialized view that writes into a table below the rule', () => {
    fc.assert(
      fc.property(engine, window, fc.nat(2_000_000), (kind, rule, has) => {
        const source = tableOf('t', { feeds: [['d', 'v']] })
        const view = tableOf('v', { engine: 'MaterializedView', writesTo: ['d', 'w'] })
        const settings = { ...all(valueOf(has)), [names.seconds]: '604800' }
        const tables = new Map([
          [tableKey('d', 'v'), view],
          [tableKey('d', 'w'), tableOf('w', { engine: kind, settings })],
        ])
        const problems = viewProblemsOf(
          source,
          { defaults: {}, tables },
          { deduplicationWindow: rule },
          '',
        )
        expect(problems).toHaveLength(has < rule ? 1 : 0)
      }),
    )
  })
})

const all = (value: string): Record<string, string> =>
  Object.fromEntries(Object.values(names).map((name) => [name, value]))
