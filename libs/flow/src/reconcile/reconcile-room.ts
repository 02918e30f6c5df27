import {
  type Bronze,
  type Clock,
  type Fault,
  type Inspector,
  isFault,
  type Ledger,
  type Log,
  type Queue,
  type Route,
  type Store,
} from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import type { Position } from './position.ts'
import type { Tally } from './reconcile-report.ts'

export interface ReconcileDeps {
  readonly pipeline: string
  readonly routes: readonly Route[]
  readonly bronze: Pick<Bronze, 'list'>
  readonly ledger: Ledger
  /** Of the manifests. */
  readonly store: Store
  readonly queue: Queue
  /** Of each target that is to be looked at. */
  readonly inspectors: readonly Inspector[]
  /** Names of the tables looked through for rows of nobody; `_reloads` is added. None: they are not looked for. */
  readonly tables?: readonly string[]
  /** Ends with a slash; `quarantine/` when absent. Chunks an operator rejected are known by their payload there. */
  readonly quarantinePrefix?: string
  /**
   * Targets that do not answer → their fault. Where it is given such a target is told and left out from then on, in every call with
   * this map; else its fault ends the call.
   */
  readonly down?: Map<string, Fault>
  readonly clock: Clock
  readonly log: Log
}

export interface ReconcileRequest {
  readonly bucket: string
  /** Of the keys looked at; `''`: all. Targets are compared for all batches of the pipeline whatever the prefix. */
  readonly prefix: string
  /** Epoch ms: objects last modified before, and batches of days before, are left out. */
  readonly since?: number
  /** Sends what is missing to transform. */
  readonly enqueue: boolean
  /** With `enqueue`: sends also what was set aside as too-large or unreadable. Poison is not opened any more, whoever sends it. */
  readonly setAside?: boolean
  /** Compares bronze and claims only: of several prefixes one is enough to compare batches and targets. */
  readonly sourcesOnly?: boolean
  /** `next` of the call before; absent: from the beginning. */
  readonly from?: string
}

/** A piece of work that was done whole, and where the next begins; undefined: nowhere. */
export interface Piece {
  readonly found: Tally
  readonly next: Position | undefined
}

/**
 * Work younger than this is on its way: an object last modified, a lease ended, a batch sealed. Longer than any invocation and
 * its redelivery.
 */
export const graceMs = 3_600_000

/** Asks a target, and notes in `down` that it does not answer. */
export const askTarget = async <Answer>(
  { clock, down }: Pick<ReconcileDeps, 'clock' | 'down'>,
  { name }: Inspector,
  call: Call,
  question: () => Promise<Answer>,
): Promise<Answer> => {
  try {
    return await persist(clock, call, question)
  } catch (error) {
    if (isFault(error) && error.code.startsWith('TARGET_')) down?.set(name, error)
    throw error
  }
}
