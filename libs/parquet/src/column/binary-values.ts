import type { Scalar } from '@silversmith/core'
import { ByteRun } from './byte-run.ts'
import type { EncodedValues, Meter, Values } from './values.ts'

/** Any bytes, plain. */
export class BinaryValues implements Values {
  count = 0
  readonly #meter: Meter
  readonly #run: ByteRun

  constructor(meter: Meter) {
    this.#meter = meter
    this.#run = new ByteRun(meter)
  }

  add(value: Scalar): boolean {
    if (!(value instanceof Uint8Array)) return false
    this.#run.addBytes(value)
    this.#meter.decodedBytes += value.length
    this.count += 1
    return true
  }

  reader(): () => Scalar {
    return this.#run.reader()
  }

  plain(): Uint8Array {
    return this.#run.view()
  }

  load(plain: Uint8Array, count: number): void {
    this.#run.load(plain)
    this.count = count
  }

  finish(): EncodedValues {
    return { body: this.#run.view() }
  }
}
