import type { Scalar } from '@silversmith/core'
import { type EncodedValues, grownCapacity, type Meter, type Values } from './values.ts'

/** Plain DOUBLE. Infinities and NaN are kept; bounds are left out, since NaN and -0 make them a trap for readers. */
export class FloatValues implements Values {
  count = 0
  readonly #meter: Meter
  #cells = new Float64Array(0)

  constructor(meter: Meter) {
    this.#meter = meter
  }

  add(value: Scalar): boolean {
    if (typeof value !== 'number') return false
    if (this.count === this.#cells.length) this.#grow()
    // One NaN for all: equal rows give equal bytes.
    this.#cells[this.count++] = Number.isNaN(value) ? NaN : value
    return true
  }

  reader(): () => Scalar {
    let at = 0
    return () => this.#cells[at++] as number
  }

  plain(): Uint8Array {
    return new Uint8Array(this.#cells.buffer, 0, this.count * 8)
  }

  load(plain: Uint8Array, count: number): void {
    this.#cells = new Float64Array(Uint8Array.from(plain).buffer)
    this.count = count
  }

  finish(): EncodedValues {
    return { body: this.plain() }
  }

  #grow(): void {
    const cells = new Float64Array(grownCapacity(this.#cells.length, 0))
    cells.set(this.#cells)
    this.#meter.heldBytes += cells.byteLength - this.#cells.byteLength
    this.#cells = cells
  }
}
