import { grownCapacity, type Meter } from './values.ts'

const utf8BytesPerUnitMax = 3
/** Up to this length a loop is faster than a call into native code. */
const loopLengthMax = 48

/** Byte arrays one after the other, each behind its 32-bit length: plain encoded BYTE_ARRAY values. */
export class ByteRun {
  length = 0
  readonly #meter: Meter
  #bytes = Buffer.alloc(0)

  constructor(meter: Meter) {
    this.#meter = meter
  }

  /** Room for what is known to come: buffers that grow leave their halves to the garbage collector. */
  reserve(extra: number): void {
    this.#ensure(extra)
  }

  /** As UTF-8; a lone surrogate becomes U+FFFD. */
  addText(text: string): void {
    this.#ensure(4 + text.length * utf8BytesPerUnitMax)
    const bytes = this.#bytes
    const at = this.length
    let size = text.length <= loopLengthMax ? writeAscii(bytes, text, at + 4) : -1
    if (size < 0) size = bytes.write(text, at + 4)
    bytes[at] = size
    bytes[at + 1] = size >>> 8
    bytes[at + 2] = size >>> 16
    bytes[at + 3] = size >>> 24
    this.length = at + 4 + size
  }

  addBytes(value: Uint8Array): void {
    this.#ensure(4 + value.length)
    this.#bytes.writeUInt32LE(value.length, this.length)
    this.#bytes.set(value, this.length + 4)
    this.length += 4 + value.length
  }

  /** Takes what another run's `view` gave; nothing is added afterwards. */
  load(bytes: Uint8Array): void {
    this.#bytes = Buffer.from(bytes)
    this.length = bytes.length
  }

  /** Gives the arrays one by one, as views. */
  reader(): () => Buffer {
    let at = 0
    return () => {
      const begin = at + 4
      at = begin + this.#bytes.readUInt32LE(at)
      return this.#bytes.subarray(begin, at)
    }
  }

  /** What was added so far. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  #ensure(extra: number): void {
    if (this.length + extra <= this.#bytes.length) return
    const bytes = Buffer.allocUnsafeSlow(grownCapacity(this.#bytes.length, this.length + extra))
    this.#bytes.copy(bytes, 0, 0, this.length)
    this.#meter.heldBytes += bytes.length - this.#bytes.length
    this.#bytes = bytes
  }
}

/** Number of bytes, or -1 at the first character that is not ASCII. */
const writeAscii = (bytes: Buffer, text: string, at: number): number => {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 127) return -1
    bytes[at + index] = unit
  }
  return text.length
}
