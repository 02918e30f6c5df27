import type { Dataset, Limits } from '@silversmith/core'
import { defaultLimits } from '@silversmith/core'
import { xapiEvents, xapiStatements } from '@silversmith/datasets'
import { createRandom, type Random } from '../random.ts'
import { memoDataset } from './memo-dataset.ts'
import { changeBytes } from './byte-change.ts'
import { bombBytes, packBytes } from './gzip-form.ts'
import { deepJson, writeLine } from './odd-line.ts'

/** One object as an unkind world might store it. A seed is one input, for ever. */
export interface FuzzInput {
  readonly seed: number
  readonly key: string
  readonly bytes: Buffer
  readonly contentEncoding: string | undefined
  readonly dataset: Dataset
  /** Length of the pieces the body comes in. */
  readonly pieceBytes: number
  readonly limits: Limits
}

const kib = 1024

/** Low, so that small inputs reach them. */
export const usualLimits: Limits = {
  ...defaultLimits,
  recordBytesMax: 4 * kib,
  objectBytesMax: 64 * kib,
  decompressedBytesMax: 128 * kib,
  quarantineRawBytesMax: 64,
}

/** For records that are many levels deep. */
export const roomyLimits: Limits = {
  ...usualLimits,
  recordBytesMax: 1024 * kib,
  objectBytesMax: 2048 * kib,
  decompressedBytesMax: 4096 * kib,
}

export const fuzzedDatasets: readonly Dataset[] = [xapiEvents, xapiStatements, memoDataset]

const lineEnds = ['\n', '\r\n', '\r\r\n', '\n\n', '\n \t\r\n'] as const
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
const linesMax = 7
const longLines = 150

const depthMax = 100_000

const writeLines = (random: Random, dataset: Dataset): Buffer => {
  const count = random.chance(0.005) ? longLines : random.below(linesMax)
  const usualEnd = random.chance(0.7) ? '\n' : random.pick(lineEnds)
  const parts: Buffer[] = []
  for (let at = 0; at < count; at += 1) {
    parts.push(writeLine(random, dataset))
    const isLast = at === count - 1
    if (isLast && random.chance(0.4)) break
    parts.push(Buffer.from(random.chance(0.9) ? usualEnd : random.pick(lineEnds)))
  }
  return Buffer.concat(parts)
}

const separators = [',', ', ', '\n,\n', ' ', '\n', '', ',,'] as const

const writeDocuments = (random: Random, dataset: Dataset): Buffer => {
  const parts: Buffer[] = []
  const separator = Buffer.from(random.pick(separators))
  for (let left = random.below(linesMax); left > 0; left -= 1) {
    parts.push(writeLine(random, dataset))
    if (left > 1) parts.push(separator)
  }
  const body = Buffer.concat(parts)
  return random.chance(0.6) ? Buffer.concat([Buffer.from('['), body, Buffer.from(']')]) : body
}

const writePlain = (random: Random, dataset: Dataset, isDocument: boolean): Buffer => {
  const text = isDocument ? writeDocuments(random, dataset) : writeLines(random, dataset)
  const whole = random.chance(0.15) ? changeBytes(random, text) : text
  const marked = random.chance(0.04) ? Buffer.concat([byteOrderMark, whole]) : whole
  return random.chance(0.01) ? Buffer.from(marked.toString(), 'utf16le') : marked
}

/** Around the limit of a record, and far over it; now and then around that of an object. */
const writeLong = (random: Random, dataset: Dataset, { objectBytesMax }: Limits): Buffer => {
  const filler = Buffer.alloc(
    random.chance(0.2) ? objectBytesMax : 12 * kib,
    random.pick([...'x \t']),
  )
  return Buffer.concat([
    writeLines(random, dataset),
    Buffer.from('\n'),
    filler.subarray(0, random.chance(0.5) ? 4 * kib - 2 + random.below(5) : undefined),
    Buffer.from(random.pick(lineEnds)),
    writeLines(random, dataset),
  ])
}

const keys = ['a.jsonl', 'a.jsonl.gz', 'a', 'a.ndjson'] as const
const documentKeys = ['a.json', 'a.json.gz', 'A.JSON'] as const
/** Pieces a body comes in: few, so that most of the time goes into reading; sometimes as many as there are bytes. */
const pieceCounts = [1, 1, 2, 3, 5, 9, 17] as const
const bytewiseMax = 500

export const createInput = (seed: number): FuzzInput => {
  // Neighbouring seeds give neighbouring first draws; multiplied they do not.
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995)
  const dataset = random.pick(fuzzedDatasets)
  const isDocument = random.chance(0.2)
  const key = random.pick(isDocument ? documentKeys : keys)
  const isDeep = random.chance(1 / 1500)
  const limits = isDeep ? roomyLimits : usualLimits
  const plain = isDeep
    ? Buffer.from(deepJson(random, depthMax))
    : random.chance(0.02)
      ? writeLong(random, dataset, limits)
      : writePlain(random, dataset, isDocument)
  const packed = random.chance(1 / 800)
    ? { bytes: bombBytes(random), contentEncoding: undefined }
    : packBytes(random, plain)
  const pieces =
    random.chance(0.02) && packed.bytes.length < bytewiseMax
      ? packed.bytes.length
      : random.pick(pieceCounts)
  return {
    ...{ seed, dataset, limits, ...packed },
    key: `${seed}/${key}`,
    pieceBytes: Math.max(1, Math.ceil(packed.bytes.length / Math.max(1, pieces))),
  }
}
