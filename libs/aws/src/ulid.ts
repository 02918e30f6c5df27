import { randomBytes } from 'node:crypto'

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const timeDigits = 10
const randomBytesCount = 10
const bitsPerDigit = 5

/** A ULID: 48 bits of time, 80 random bits. https://github.com/ulid/spec */
export const createUlid = (nowMs: number): string => {
  let time = ''
  for (let rest = nowMs, n = 0; n < timeDigits; n += 1, rest = Math.floor(rest / 32))
    time = (digits[rest % 32] ?? '') + time
  let pool = 0
  let bits = 0
  let random = ''
  for (const byte of randomBytes(randomBytesCount)) {
    pool = (pool << 8) | byte
    for (bits += 8; bits >= bitsPerDigit; bits -= bitsPerDigit)
      random += digits[(pool >> (bits - bitsPerDigit)) & 31] ?? ''
    pool &= (1 << bits) - 1
  }
  return time + random
}
