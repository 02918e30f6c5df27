import { gzipSync } from 'node:zlib'
import type { Random } from '../random.ts'
import { changeBytes } from './byte-change.ts'

interface Packed {
  readonly bytes: Buffer
  readonly contentEncoding: string | undefined
}

const zip = (bytes: Buffer): Buffer => gzipSync(bytes, { level: 1 })

const plainEncodings = ['', 'identity', 'aws-chunked', 'utf-8'] as const

/** Most inputs stay plain; the others are gzip, well and badly made. */
export const packBytes = (random: Random, plain: Buffer): Packed => {
  if (random.chance(0.88))
    return {
      bytes: plain,
      contentEncoding: random.chance(0.02)
        ? random.pick(['gzip', 'br', 'gzip, br', 'x'])
        : random.chance(0.1)
          ? random.pick(plainEncodings)
          : undefined,
    }
  const encoding = random.chance(0.7)
    ? undefined
    : random.pick(['gzip', 'GZIP', 'aws-chunked,gzip'])
  return { bytes: writeGzip(random, plain), contentEncoding: encoding }
}

const writeGzip = (random: Random, plain: Buffer): Buffer => {
  const draw = random.below(12)
  if (draw < 4) return zip(plain)
  const cut = random.below(plain.length + 1)
  const two = (): Buffer => Buffer.concat([zip(plain.subarray(0, cut)), zip(plain.subarray(cut))])
  switch (draw) {
    case 4:
      return two()
    case 5:
      return zip(two())
    case 6:
      return zip(zip(zip(plain)))
    case 7:
      return withHeaderFields(random, zip(plain))
    case 8: {
      const whole = two()
      return whole.subarray(0, random.below(whole.length + 1))
    }
    case 9:
      return Buffer.concat([zip(plain), random.pick(tails(plain))])
    default:
      return changeBytes(random, two())
  }
}

/** Bytes behind the last member. */
const tails = (plain: Buffer): readonly Buffer[] => [
  plain,
  Buffer.from([0]),
  Buffer.alloc(512),
  Buffer.from([0x1f]),
  Buffer.from([0x1f, 0x8b]),
  Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
  Buffer.from('\n'),
  Buffer.concat([Buffer.alloc(1), zip(plain)]),
]

const headerBytes = 10

/** RFC 1952: FEXTRA, FNAME and FCOMMENT between header and body. */
const withHeaderFields = (random: Random, gzip: Buffer): Buffer => {
  const header = Buffer.from(gzip.subarray(0, headerBytes))
  const fields: Buffer[] = []
  header[3] = 0
  if (random.chance(0.5)) {
    header[3] |= 4
    fields.push(Buffer.from([3, 0, 1, 2, 3]))
  }
  if (random.chance(0.5)) {
    header[3] |= 8
    fields.push(Buffer.from('name.jsonl\0'))
  }
  if (random.chance(0.5)) {
    header[3] |= 16
    fields.push(Buffer.from('a comment\0'))
  }
  return Buffer.concat([header, ...fields, gzip.subarray(headerBytes)])
}

const bombPlainBytes = 3 * 1024 * 1024
const bombs: readonly Buffer[] = ['\0', ' ', '\n', 'x', '{}\n'].map((text) =>
  zip(Buffer.alloc(bombPlainBytes, text)),
)

/** Small as stored, many times over the cap when unpacked; whole, packed twice, or damaged. */
export const bombBytes = (random: Random): Buffer => {
  const bomb = random.pick(bombs)
  const draw = random.below(4)
  if (draw === 0) return zip(bomb)
  if (draw === 1) return changeBytes(random, bomb)
  return bomb
}
