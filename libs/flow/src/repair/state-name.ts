import type { BatchState } from '@silversmith/core'

/** What a state of a batch is called before people. */
export const stateNames: Readonly<Record<BatchState, string>> = {
  F: 'forming',
  S: 'sealed',
  A: 'aborted',
  C: 'committed',
}
