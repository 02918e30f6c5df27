import { applyMutants } from './apply-mutants.ts'
import { breakerMutants } from './breaker-mutants.ts'
import { claimMutants } from './claim-mutants.ts'
import { jobMutants } from './job-mutants.ts'
import type { Mutant } from './mutant.ts'
import { orderMutants } from './order-mutants.ts'
import { portMutants } from './port-mutants.ts'
import { rebuildMutants } from './rebuild-mutants.ts'
import { editFlow } from './source-edit.ts'

/** Each is killed by the harness, or the harness is worth nothing. */
export const mutants: readonly Mutant[] = [
  ...orderMutants,
  ...claimMutants,
  ...applyMutants,
  ...breakerMutants,
  ...portMutants,
  ...jobMutants,
  ...rebuildMutants,
]

/** What works under an ended lease looks dead: it may be condemned, by name and for a person to see. */
const terrain = { forgiven: 'condemned as poison' }

/** Leases carry no safety: without them no row is lost and none is there twice. None of these may be killed. */
export const leaseMutants: readonly Mutant[] = [
  {
    name: 'leases end while their workers are alive',
    ...{ terrain, mutation: { leaseMarginMs: -55_000 }, worldsMax: 200 },
  },
  {
    name: 'batches are taken from workers whose leases are not over',
    edits: [
      editFlow(
        'claims/claims.ts',
        `return leaseUntil > now ? { kind: 'wait' } : { kind: 'abort' }`,
        `return { kind: 'abort' }`,
      ),
      editFlow(
        'claims/standing.ts',
        `item?.state === 'F' && item.leaseUntil <= deps.clock.now()`,
        `item?.state === 'F'`,
      ),
    ],
    ...{ terrain, worldsMax: 200 },
  },
]
