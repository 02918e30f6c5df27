import type { Random } from '../random.ts'

/** What readers of text and JSON trip over. */
const tokens: readonly Buffer[] = [
  ...['\n', '\r', '\r\n', '\0', '"', '\\', '{', '}', '[', ']', ',', ':', ' ', '\t'],
  ...['\ufeff', '\u2028', '\u00a0', '\ud83e\udd89', '\\u0000', '\\ud800', '\\udc00', '\\u'],
  ...['1e400', '-1e400', '-0', '9007199254740993', 'NaN', 'Infinity', 'null', 'true', '1e-400'],
  ...['"__proto__":', '"constructor":', '"toJSON":', '"timestamp":', '"id":', '"length":1e9,'],
]
  .map((text) => Buffer.from(text))
  // Bytes that are no UTF-8: alone, cut off, overlong, a surrogate, beyond the last code point, gzip's magic.
  .concat(
    [
      ...[[0x80], [0xff], [0xfe, 0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0xa6], [0xc0, 0x80]],
      ...[
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0x1f, 0x8b],
        [0xef, 0xbb, 0xbf],
      ],
    ].map((bytes) => Buffer.from(bytes)),
  )

const changesMax = 3
const rangeBytesMax = 24

/** A few small changes: a bit, a byte, a range gone, doubled or moved, something nasty put in, the end cut off. */
export const changeBytes = (random: Random, bytes: Buffer): Buffer => {
  let changed = bytes
  for (let left = 1 + random.below(changesMax); left > 0; left -= 1) {
    changed = changeOnce(random, changed)
  }
  return changed
}

const changeOnce = (random: Random, bytes: Buffer): Buffer => {
  const at = random.below(bytes.length + 1)
  const end = Math.min(bytes.length, at + 1 + random.below(rangeBytesMax))
  const [before, range, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, end),
    bytes.subarray(end),
  ]
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([before, flipBit(random, range), after])
    case 1:
      return Buffer.concat([before, randomBytes(random, range.length), after])
    case 2:
      return Buffer.concat([before, after])
    case 3:
      return Buffer.concat([before, range, range, after])
    case 4:
      return Buffer.concat([range, before, after])
    case 5:
      return random.chance(0.3) ? before : Buffer.concat([before, range])
    default:
      return Buffer.concat([before, random.pick(tokens), range, after])
  }
}

const flipBit = (random: Random, range: Buffer): Buffer => {
  const copy = Buffer.from(range)
  if (copy.length > 0) copy[0] = copy[0]! ^ (1 << random.below(8))
  return copy
}

export const randomBytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.below(256)))
