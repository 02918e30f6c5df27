import { type Bronze, type Clock, Fault, type KeyRange, type ListedObject } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'

/** All listed versions of the keys of a range. Ranges follow one another without a gap; the last has no end. */
export interface KeyStretch {
  readonly objects: readonly ListedObject[]
  readonly range: KeyRange
}

/**
 * A listing in stretches of about `versionsMax`, each of whole keys. Holds one of them, and all versions of one key.
 *
 * @throws Fault SETTINGS_INVALID for a bucket that lists in no order.
 */
export const listStretches = async function* (
  { bronze, clock }: { readonly bronze: Pick<Bronze, 'list'>; readonly clock: Clock },
  { bucket, prefix }: Pick<KeyRange, 'bucket' | 'prefix'>,
  versionsMax: number,
  call: Call,
): AsyncGenerator<KeyStretch> {
  let objects: ListedObject[] = []
  let after: string | undefined
  let page: string | undefined
  for (;;) {
    do {
      const from = page
      const listed = await persist(clock, call, () =>
        bronze.list(bucket, prefix, from, call.signal),
      )
      refuseDisorder([...objects.slice(-1), ...listed.objects], bucket)
      objects.push(...listed.objects)
      page = listed.next
    } while (page !== undefined && objects.length < versionsMax)
    if (page === undefined)
      return void (yield { objects, range: { bucket, prefix, after, upTo: undefined } })
    // More versions of the last key may follow.
    const last = objects.at(-1)?.object.key
    const whole = objects.filter(({ object }) => object.key !== last)
    const upTo = whole.at(-1)?.object.key
    if (upTo === undefined) continue
    objects = objects.slice(whole.length)
    yield { objects: whole, range: { bucket, prefix, after, upTo } }
    after = upTo
  }
}

const refuseDisorder = (objects: readonly ListedObject[], bucket: string): void => {
  let before: Buffer | undefined
  for (const { object } of objects) {
    const key = Buffer.from(object.key)
    if (before && Buffer.compare(before, key) > 0)
      throw new Fault(
        'SETTINGS_INVALID',
        `bucket ${bucket} does not list its keys in order, as general purpose buckets do; it cannot be compared with a table`,
      )
    before = key
  }
}
