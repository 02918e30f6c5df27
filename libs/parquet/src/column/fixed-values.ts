import { isValueOf, type Scalar, type ScalarType } from '@silversmith/core'
import { fixedBytes } from '../schema/column-type.ts'
import { type EncodedValues, grownCapacity, type Meter, type Values } from './values.ts'

/** Plain FIXED_LEN_BYTE_ARRAY of 16 bytes: UUIDs, and decimals of more than 18 digits, big-endian. Without bounds. */
export class FixedValues implements Values {
  count = 0
  readonly #field: { readonly type: ScalarType; readonly nullable: false }
  readonly #meter: Meter
  #bytes = Buffer.alloc(0)

  constructor(type: ScalarType, meter: Meter) {
    this.#field = { type, nullable: false }
    this.#meter = meter
  }

  add(value: Scalar): boolean {
    if (!isValueOf(this.#field, value)) return false
    const at = this.count * fixedBytes
    if (at === this.#bytes.length) this.#grow()
    if (typeof value === 'string') this.#bytes.write(value.replaceAll('-', ''), at, 'hex')
    else {
      const units = BigInt(value as number | bigint)
      this.#bytes.writeBigInt64BE(units >> 64n, at)
      this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, units), at + 8)
    }
    this.count += 1
    return true
  }

  reader(): () => Scalar {
    let at = -fixedBytes
    return () => {
      at += fixedBytes
      if (this.#field.type === 'uuid')
        return uuidOf(this.#bytes.toString('hex', at, at + fixedBytes))
      const high = this.#bytes.readBigInt64BE(at)
      return (high << 64n) | this.#bytes.readBigUInt64BE(at + 8)
    }
  }

  plain(): Uint8Array {
    return this.#bytes.subarray(0, this.count * fixedBytes)
  }

  load(plain: Uint8Array, count: number): void {
    this.#bytes = Buffer.from(plain)
    this.count = count
  }

  finish(): EncodedValues {
    return { body: this.plain() }
  }

  #grow(): void {
    const bytes = Buffer.alloc(grownCapacity(this.#bytes.length / fixedBytes, 0) * fixedBytes)
    this.#bytes.copy(bytes)
    this.#meter.heldBytes += bytes.length - this.#bytes.length
    this.#bytes = bytes
  }
}

const uuidOf = (hex: string): string =>
  [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-')
