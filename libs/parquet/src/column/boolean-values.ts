import type { Scalar } from '@silversmith/core'
import { type EncodedValues, grownCapacity, type Meter, type Values } from './values.ts'

/** Plain BOOLEAN, eight to a byte, lowest bit first. */
export class BooleanValues implements Values {
  count = 0
  readonly #meter: Meter
  #bits = new Uint8Array(0)

  constructor(meter: Meter) {
    this.#meter = meter
  }

  add(value: Scalar): boolean {
    if (typeof value !== 'boolean') return false
    const at = this.count >> 3
    if (at === this.#bits.length) this.#grow()
    if (value) this.#bits[at] = (this.#bits[at] as number) | (1 << (this.count & 7))
    this.count += 1
    return true
  }

  reader(): () => Scalar {
    let at = 0
    return () => {
      const byte = this.#bits[at >> 3] as number
      return (byte & (1 << (at++ & 7))) !== 0
    }
  }

  plain(): Uint8Array {
    return this.#bits.subarray(0, Math.ceil(this.count / 8))
  }

  load(plain: Uint8Array, count: number): void {
    this.#bits = Uint8Array.from(plain)
    this.count = count
  }

  finish(): EncodedValues {
    return { body: this.plain() }
  }

  #grow(): void {
    const bits = new Uint8Array(grownCapacity(this.#bits.length, 0))
    bits.set(this.#bits)
    this.#meter.heldBytes += bits.length - this.#bits.length
    this.#bits = bits
  }
}
