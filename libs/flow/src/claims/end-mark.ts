import type { Store } from '@silversmith/core'
import { hashOf, stagingPrefixOf } from '../manifest.ts'

const keyOf = (batch: string): string => `${stagingPrefixOf(batch)}ended`

const nothing = new Uint8Array()
const file = { sha256: hashOf(nothing), contentType: 'application/octet-stream' }

/** Says in the store that the batch's worker lived to its end, for when the ledger cannot be told. */
export const markEnd = (store: Store, batch: string, signal: AbortSignal): Promise<void> =>
  store.write(keyOf(batch), nothing, file, signal)

export const hasEndMark = async (
  store: Store,
  batch: string,
  signal: AbortSignal,
): Promise<boolean> => (await store.look(keyOf(batch), signal)) !== undefined
