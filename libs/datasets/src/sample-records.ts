import { createDice, type Dice } from './dice.ts'
import { sampleInvoices } from './invoice-lines/sample.ts'
import { sampleShipments } from './shipments/sample.ts'
import { sampleTracking } from './tracking-events/sample.ts'
import type { MakeRecords } from './typed-sample.ts'
import { sampleLines } from './xapi-events/sample.ts'

const written =
  (make: MakeRecords) =>
  (dice: Dice): readonly string[] =>
    make(dice).map((record) => JSON.stringify(record))

const makers: Readonly<Record<string, (dice: Dice) => readonly string[]>> = {
  xapi_events: sampleLines,
  shipments: written(sampleShipments),
  tracking_events: written(sampleTracking),
  invoice_lines: written(sampleInvoices),
}

/** Datasets that records can be made up for. */
export const sampleTypes: readonly string[] = Object.keys(makers)

/** JSON texts of `count` good records of one of `sampleTypes`; the same ones for the same seed. @throws RangeError */
export function* sampleRecords(
  type: string,
  { seed, count }: { readonly seed: number; readonly count: number },
): Generator<string> {
  const make = Object.hasOwn(makers, type) ? makers[type] : undefined
  if (!make) throw new RangeError(`type must be one of ${sampleTypes.join(', ')}.`)
  const dice = createDice(seed)
  for (let made = 0; made < count;) {
    const texts = make(dice).slice(0, count - made)
    yield* texts
    made += texts.length
  }
}
