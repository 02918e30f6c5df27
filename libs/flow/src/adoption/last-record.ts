import {
  type Bronze,
  type Clock,
  type Contracts,
  type Dataset,
  defaultContract,
  type Limits,
  type Source,
} from '@silversmith/core'
import { createDriftTally } from '../drift/drift-tally.ts'
import { type Call, persist } from '../patience.ts'
import type { Gate } from '../reading/gate.ts'
import { createKindTally } from '../transform/kind-tally.ts'
import { createCounts, readSource } from '../transform/source-reader.ts'

export interface LastRecordDeps {
  readonly bronze: Pick<Bronze, 'open'>
  readonly contracts: Contracts
  readonly limits: Limits
  readonly clock: Clock
  readonly largeRecords: Gate
}

/**
 * Number of the last line of an object that a load here would make a row of, counted from 1 over lines that are not blank; 0: there
 * is none. Lines that are rejected or discarded count as such, and are not the last. Reads the object whole, in constant memory.
 *
 * Throws OBJECT_GONE, OBJECT_UNREADABLE, OBJECT_TOO_LARGE, DEADLINE_REACHED, and faults of the store.
 */
export const readLastRecord = (
  deps: LastRecordDeps,
  source: Source,
  dataset: Dataset,
  call: Call,
): Promise<number> => {
  const { bronze, clock, contracts, largeRecords, limits } = deps
  return persist(clock, call, async () => {
    let last = 0
    const nothing = { isFull: () => false, settle: async () => undefined }
    await readSource({
      ...{ source, dataset, bronze, limits, clock, call, largeRecords },
      chunks: { ...nothing, addRow: (_, __, { record }) => void (last = record + 1) },
      quarantine: { ...nothing, add: () => undefined },
      ...{ contract: contracts[dataset.name] ?? defaultContract, drift: createDriftTally() },
      ...{ kinds: createKindTally([]), counts: createCounts(), loadedAtMicros: 0 },
      ...{ readUntil: call.deadline, hasAllTime: false },
    })
    return last
  })
}
