import type { Inputs, Numbers } from './figures.ts'
import limits from './limits.json' with { type: 'json' }
import measured from './measured.json' with { type: 'json' }
import prices from './prices.json' with { type: 'json' }

const numbersOf = <Name extends string>(file: {
  readonly numbers: Readonly<Record<Name, { readonly value: number }>>
}): Numbers<Record<Name, unknown>> =>
  Object.fromEntries(
    Object.entries<{ readonly value: number }>(file.numbers).map(([name, { value }]) => [
      name,
      value,
    ]),
  ) as Numbers<Record<Name, unknown>>

/** What was measured here, list prices and quotas; `npm run bench -- cost` computes with the same, or with others. */
export const usualInputs: Inputs = {
  figures: numbersOf(measured),
  prices: numbersOf(prices),
  limits: numbersOf(limits),
}

/** Of the prices. */
export const pricesDate: string = prices.date
