import type { ByteSink } from '../file/byte-sink.ts'
import { bitWidthOf, writeHybrid, writeRun } from '../file/hybrid.ts'
import { grownCapacity, type Meter } from './values.ts'

/** Definition or repetition levels of one leaf in one row group. A zero need not be set: a column of nulls only has no memory. */
export class Levels {
  readonly #width: number
  readonly #meter: Meter
  #bytes = new Uint8Array(0)

  /** `max`: 1 to 255. */
  constructor(max: number, meter: Meter) {
    this.#width = bitWidthOf(max)
    this.#meter = meter
  }

  /** `at`: number of the entry. */
  set(at: number, level: number): void {
    if (at >= this.#bytes.length) this.#grow(at + 1)
    this.#bytes[at] = level
  }

  get(at: number): number {
    return this.#bytes[at] ?? 0
  }

  /** What was set; zeros may be missing at the end. */
  view(): Uint8Array {
    return this.#bytes
  }

  /** Takes what `view` gave; to be read. */
  load(bytes: Uint8Array): void {
    this.#bytes = Uint8Array.from(bytes)
  }

  /** Length and levels of so many entries, as a data page begins with them. */
  writeTo(sink: ByteSink, entries: number): void {
    const start = sink.length
    sink.writeUint32(0)
    if (this.#bytes.length === 0) writeRun(sink, 0, entries, this.#width)
    else {
      if (this.#bytes.length < entries) this.#grow(entries)
      writeHybrid(sink, this.#bytes, 0, entries, this.#width)
    }
    sink.patchUint32(sink.length - start - 4, start)
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(grownCapacity(this.#bytes.length, needed))
    bytes.set(this.#bytes)
    this.#meter.heldBytes += bytes.length - this.#bytes.length
    this.#bytes = bytes
  }
}
