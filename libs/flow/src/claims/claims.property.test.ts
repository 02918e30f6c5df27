import type { Batch, BatchState, Claim, Disposition, ManifestSource } from '@silversmith/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judge } from './claims.ts'

const now = 1_000_000
const object = { bucket: 'b', key: 'k', version: 'v', versioned: true }
const counts = { sizeBytes: 0, lastModified: 0, records: 0, rows: 0, rejected: 0, discarded: 0 }

const dispositions: readonly Disposition[] = [
  ...(['rows', 'empty', 'gone', 'poison', 'unreadable', 'too-large', 'unrouted'] as const),
]
/** What leaves rows or quarantine behind, or says for ever that there are none. */
const settled: ReadonlySet<Disposition> = new Set(['rows', 'empty', 'poison'])

const standing = fc.record({
  generation: fc.nat(2),
  claimed: fc.option(fc.nat(2)),
  state: fc.option(fc.constantFrom<BatchState>('F', 'S', 'A', 'C')),
  leaseUntil: fc.integer({ min: now - 2, max: now + 2 }),
  end: fc.constantFrom<'failed' | 'lost'>('failed', 'lost'),
  sourceCount: fc.integer({ min: 1, max: 9 }),
  disposition: fc.option(fc.constantFrom(...dispositions)),
})

const verdictOf = ({
  generation,
  claimed,
  state,
  leaseUntil,
  end,
  sourceCount,
  disposition,
}: typeof standing extends fc.Arbitrary<infer One> ? One : never) => {
  const source = { id: 's', object, dataset: 'd', generation }
  const claim: Claim = { kind: 'claim', id: 's', batch: 'B', generation: claimed ?? 0, tries: 0 }
  const batch: Batch = {
    ...{ kind: 'batch', id: 'B', pipeline: 'p', owner: 'o', leaseUntil, sourceCount },
    ...{ state: state ?? 'F', ...(state === 'A' && { end }) },
  }
  const listed: ManifestSource | undefined =
    disposition === null ? undefined : { ...counts, id: 's', object, generation, disposition }
  return judge(
    {
      source,
      claim: claimed === null ? undefined : { item: claim, revision: 1 },
      batch: claimed === null || state === null ? undefined : { item: batch, revision: 1 },
    },
    state === 'S' || state === 'C' ? listed : undefined,
    now,
  )
}

test('a source is loaded again only when nothing of it is durable, or a higher generation is asked for', () => {
  fc.assert(
    fc.property(standing, (one) => {
      const { claimed, state, leaseUntil, generation, disposition } = one
      const { kind } = verdictOf(one)
      const isDurable =
        claimed !== null &&
        (state === 'S' || state === 'C') &&
        disposition !== null &&
        settled.has(disposition)
      if (isDurable && generation <= claimed) expect(kind).toBe('done')
      else if (isDurable) expect(kind).toBe(state === 'C' ? 'free' : 'wait')
      else if (claimed === null) expect(kind).toBe('free')
      else if (state === null) expect(kind).toBe('alarm')
      else if (state === 'F') expect(kind).toBe(leaseUntil > now ? 'wait' : 'abort')
      else expect(kind).toBe('free')
    }),
    { numRuns: 3_000 },
  )
})

test('only a batch that died in silence makes its sources suspects', () => {
  fc.assert(
    fc.property(standing, (one) => {
      const verdict = verdictOf(one)
      const lostWith = verdict.kind === 'free' ? verdict.lostWith : undefined
      const isLost = one.claimed !== null && one.state === 'A' && one.end === 'lost'
      expect(lostWith).toBe(isLost ? one.sourceCount : undefined)
    }),
    { numRuns: 1_000 },
  )
})
