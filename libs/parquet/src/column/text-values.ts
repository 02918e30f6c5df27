import type { Scalar } from '@silversmith/core'
import { createByteSink } from '../file/byte-sink.ts'
import { bitWidthOf, writeHybrid } from '../file/hybrid.ts'
import { ByteRun } from './byte-run.ts'
import {
  type Bounds,
  type EncodedValues,
  grownCapacity,
  type Meter,
  type Values,
} from './values.ts'

/** A dictionary with more entries, or more characters, stops paying. */
const dictionaryEntriesMax = 8_192
const dictionaryCharactersMax = 1024 * 1024
/** After this many values a dictionary must have been hit every second time. */
const dictionaryTrialRows = 1_024
/** Longer values are no use as bounds. */
const boundBytesMax = 64
/** Of a text, before its bytes. */
const lengthBytes = 4
/** What V8 holds for an entry beside its characters, roughly. */
const entryBytes = 64

/** Text as UTF-8: in a dictionary while values repeat, plain from where they do not. Equal texts give equal bytes. */
export class TextValues implements Values {
  count = 0
  readonly #meter: Meter
  readonly #plain: ByteRun
  #entries: Map<string, number> | undefined
  /** The texts of the entries in their order. */
  #texts: string[] = []
  #isPlain = false
  #indexes = new Int32Array(0)
  #characters = 0
  #last = ''
  #lastIndex = -1

  constructor(meter: Meter) {
    this.#meter = meter
    this.#plain = new ByteRun(meter)
  }

  add(value: Scalar): boolean {
    if (typeof value !== 'string') return false
    if (this.#isPlain) this.#plain.addText(value)
    else this.#addIndex(value)
    this.#meter.decodedBytes += value.length
    this.count += 1
    return true
  }

  #addIndex(text: string): void {
    let index = this.#lastIndex
    if (index < 0 || text !== this.#last) {
      const entries = (this.#entries ??= new Map<string, number>())
      index = entries.get(text) ?? -1
      if (index < 0) {
        index = this.#texts.length
        if (!this.#pays(index, text.length)) {
          this.#spill()
          this.#plain.addText(text)
          return
        }
        const own = ownCopy(text)
        entries.set(own, index)
        this.#texts.push(own)
        this.#characters += text.length
        this.#meter.heldBytes += entryBytes + text.length
      }
      this.#last = this.#texts[index] as string
      this.#lastIndex = index
    }
    if (this.count === this.#indexes.length) this.#grow()
    this.#indexes[this.count] = index
  }

  /** With one more entry. */
  #pays(entries: number, length: number): boolean {
    if (entries >= dictionaryEntriesMax || this.#characters + length > dictionaryCharactersMax)
      return false
    return this.count <= dictionaryTrialRows || entries * 2 <= this.count
  }

  #spill(): void {
    const texts = this.#texts
    let bytes = 0
    for (let at = 0; at < this.count; at++)
      bytes += lengthBytes + (texts[this.#indexes[at] as number] as string).length
    this.#plain.reserve(bytes)
    for (let at = 0; at < this.count; at++) {
      this.#plain.addText(texts[this.#indexes[at] as number] as string)
    }
    this.#isPlain = true
    this.#entries = undefined
    this.#texts = []
    this.#last = ''
    this.#indexes = new Int32Array(0)
  }

  reader(): () => Scalar {
    if (this.#isPlain) {
      const next = this.#plain.reader()
      return () => next().toString()
    }
    const texts = this.#texts
    let at = 0
    return () => texts[this.#indexes[at++] as number] as string
  }

  plain(): Uint8Array {
    if (!this.#isPlain) this.#spill()
    return this.#plain.view()
  }

  load(plain: Uint8Array, count: number): void {
    this.#plain.load(plain)
    this.#isPlain = true
    this.count = count
  }

  finish(): EncodedValues {
    const size = this.#texts.length
    // Few values do not repeat enough to be worth a page of their own.
    if (!this.#isPlain && (size === 0 || (this.count > 1 && size * 2 > this.count))) this.#spill()
    return this.#isPlain ? { body: this.#plain.view() } : this.#encodeIndexes()
  }

  #encodeIndexes(): EncodedValues {
    const texts = this.#texts
    const dictionary = new ByteRun({ heldBytes: 0, decodedBytes: 0 })
    for (const text of texts) dictionary.addText(text)
    const bitWidth = bitWidthOf(texts.length - 1)
    const sink = createByteSink(Math.ceil((this.count * bitWidth) / 8) + 16)
    sink.writeByte(bitWidth)
    writeHybrid(sink, this.#indexes, 0, this.count, bitWidth)
    return {
      dictionary: { entries: texts.length, body: dictionary.view() },
      body: sink.view(),
      bounds: boundsOf(texts),
    }
  }

  #grow(): void {
    const indexes = new Int32Array(grownCapacity(this.#indexes.length, 0))
    indexes.set(this.#indexes)
    this.#meter.heldBytes += indexes.byteLength - this.#indexes.byteLength
    this.#indexes = indexes
  }
}

/** V8 makes a slice of a text a view of the whole, from this length on. */
const sliceLengthMin = 13

/** Keeps no other text alive: what is sliced from a record of megabytes would hold all of it. */
const ownCopy = (text: string): string => {
  if (text.length < sliceLengthMin) return text
  const encoding = text.isWellFormed() ? 'utf8' : 'utf16le'
  return Buffer.from(text, encoding).toString(encoding)
}

const boundsOf = (texts: readonly string[]): Bounds | undefined => {
  // A lone surrogate is written as another character, in another place of the order.
  if (!texts.every((text) => text.isWellFormed())) return undefined
  let [min, max] = [texts[0] as string, texts[0] as string]
  for (const text of texts) {
    if (isBefore(text, min)) min = text
    else if (isBefore(max, text)) max = text
  }
  if (min.length > boundBytesMax || max.length > boundBytesMax) return undefined
  return { min: Buffer.from(min), max: Buffer.from(max) }
}

/** The order of UTF-8 bytes, which is that of code points and, above the surrogates, not that of JavaScript. */
const isBefore = (left: string, right: string): boolean => {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)]
    if (a !== b) return rankOf(a) < rankOf(b)
  }
  return left.length < right.length
}

/** Surrogates stand for code points behind all others. */
const rankOf = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
