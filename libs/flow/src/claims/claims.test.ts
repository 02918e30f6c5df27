import type { Batch, BatchState, ManifestSource, Source } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { judge } from './claims.ts'

const now = 1_000_000
const object = { bucket: 'b', key: 'k', version: 'v', versioned: false }

const source = (generation = 0): Source => ({ id: 's', object, dataset: 'd', generation })

const batch = (state: BatchState, more: Partial<Batch> = {}) => ({
  revision: 3,
  item: {
    ...{
      kind: 'batch',
      id: 'B',
      pipeline: 'p',
      state,
      owner: 'o',
      leaseUntil: now + 1,
      sourceCount: 8,
    },
    ...more,
  } as Batch,
})

const claim = (generation = 0) => ({
  revision: 1,
  item: { kind: 'claim', id: 's', batch: 'B', generation, tries: 0 } as const,
})

const listed = (disposition: ManifestSource['disposition'] = 'rows'): ManifestSource => ({
  ...{ id: 's', object, generation: 0, disposition, sizeBytes: 0, lastModified: 0 },
  ...{ records: 0, rows: 0, rejected: 0, discarded: 0 },
})

const verdict = (
  state: BatchState,
  options: { entry?: ManifestSource; more?: Partial<Batch>; asks?: number; has?: number } = {},
) =>
  judge(
    { source: source(options.asks), claim: claim(options.has), batch: batch(state, options.more) },
    options.entry,
    now,
  )

describe('a source', () => {
  test('without a claim is free', () => {
    expect(judge({ source: source(), claim: undefined, batch: undefined }, undefined, now)).toEqual(
      {
        kind: 'free',
      },
    )
  })

  test('whose claim names a batch that is not there is an alarm, neither done nor free', () => {
    expect(judge({ source: source(), claim: claim(), batch: undefined }, undefined, now)).toEqual({
      kind: 'alarm',
    })
  })

  test.each(['S', 'C'] as const)('listed by a batch in state %s is done', (state) => {
    for (const entry of ['rows', 'empty', 'poison'] as const) {
      expect(verdict(state, { entry: listed(entry) })).toEqual({ kind: 'done' })
    }
  })

  test.each(['S', 'C'] as const)(
    'not listed, or listed without a trace, by a batch in state %s is free',
    (state) => {
      expect(verdict(state)).toEqual({ kind: 'free' })
      for (const entry of ['gone', 'unreadable', 'too-large', 'unrouted'] as const)
        expect(verdict(state, { entry: listed(entry) })).toEqual({ kind: 'free' })
    },
  )

  test('in a forming batch waits while the lease lasts, then the batch is to be aborted first', () => {
    expect(verdict('F')).toEqual({ kind: 'wait' })
    expect(verdict('F', { more: { leaseUntil: now } })).toEqual({ kind: 'abort' })
  })

  test('of an aborted batch is free, and a suspect only when that ended in silence', () => {
    expect(verdict('A', { more: { end: 'failed' } })).toEqual({ kind: 'free' })
    expect(verdict('A', { more: { end: 'lost' } })).toEqual({ kind: 'free', lostWith: 8 })
  })

  test('asked for again with a higher generation is free once its batch is committed, not before', () => {
    expect(verdict('C', { entry: listed(), asks: 2, has: 1 })).toEqual({ kind: 'free' })
    expect(verdict('S', { entry: listed(), asks: 2, has: 1 })).toEqual({ kind: 'wait' })
  })

  test('asked for with a lower generation than its claim is done where that is loaded, and free where it is not', () => {
    expect(verdict('C', { entry: listed(), asks: 1, has: 2 })).toEqual({ kind: 'done' })
    expect(verdict('C', { entry: listed('gone'), asks: 0, has: 2 })).toEqual({ kind: 'free' })
    expect(verdict('A', { more: { end: 'failed' }, asks: 0, has: 2 })).toEqual({ kind: 'free' })
    expect(verdict('F', { asks: 0, has: 2 })).toEqual({ kind: 'wait' })
  })
})
