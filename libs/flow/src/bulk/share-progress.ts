import type { Checkpoint, JobCounts } from '@silversmith/core'
import { changeItem, type LedgerAccess, readItem } from '../ledger-write.ts'
import { type Call, persist } from '../patience.ts'

/** How far a share of a mapped job has come. An item of its own in the ledger: thousands of shares have nothing in common. */
export interface ShareProgress {
  /** Objects before it are sent. */
  readonly line: number
  /** Objects of its slice. */
  readonly of: number
  readonly counts: JobCounts
}

export interface SharePlace {
  readonly pipeline: string
  /** Name of the job. */
  readonly job: string
  /** Of its slice. */
  readonly name: string
}

const keyOf = ({ pipeline, job, name }: SharePlace) =>
  ({ kind: 'checkpoint', id: `job/${pipeline}/${job}/${name}` }) as const

const parse = (item: Checkpoint | undefined): ShareProgress | undefined =>
  item?.position === undefined ? undefined : (JSON.parse(item.position) as ShareProgress)

export const readProgress = async (
  access: LedgerAccess,
  place: SharePlace,
  call: Call,
): Promise<ShareProgress | undefined> =>
  parse((await readItem<Checkpoint>(access, keyOf(place), call))?.item)

/** Moves on from the line that was read; whoever was faster did the same. */
export const recordProgress = async (
  access: LedgerAccess,
  place: SharePlace,
  { from, to }: { readonly from: number; readonly to: ShareProgress },
  call: Call,
): Promise<void> => {
  const key = keyOf(place)
  await changeItem<Checkpoint>(
    access,
    key,
    (item) =>
      item !== undefined && parse(item)?.line !== from
        ? undefined
        : { ...key, position: JSON.stringify(to) },
    call,
  )
}

/** In the order of the places; undefined: nothing of it was sent. */
export const readAllProgress = async (
  { ledger, clock }: LedgerAccess,
  places: readonly SharePlace[],
  call: Call,
): Promise<readonly (ShareProgress | undefined)[]> => {
  const found = await persist(clock, call, () => ledger.read(places.map(keyOf), call.signal))
  return found.map((one) => parse(one?.item as Checkpoint | undefined))
}
