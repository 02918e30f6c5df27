import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export const checksumAlgorithms = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
  'SHA512',
  'MD5',
] as const

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** As S3 keeps it: base64, with `-N` behind it when it is one of N part checksums. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
}

export interface Hasher {
  update(bytes: Uint8Array): void
  /** Base64. */
  digest(): string
}

export const readAlgorithm = (name: string | undefined): ChecksumAlgorithm | undefined =>
  checksumAlgorithms.find((algorithm) => algorithm === name?.toUpperCase())

export const checksumHeader = (algorithm: ChecksumAlgorithm): string =>
  `x-amz-checksum-${algorithm.toLowerCase()}`

export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`

export const createHasher = (algorithm: ChecksumAlgorithm): Hasher => {
  if (algorithm === 'CRC32') return createCrc32()
  if (algorithm === 'CRC32C') return createCrc32c()
  if (algorithm === 'CRC64NVME') return createCrc64()
  const hash = createHash(algorithm.toLowerCase())
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') }
}

const wordsToBase64 = (...words: readonly number[]): string => {
  const bytes = Buffer.alloc(words.length * 4)
  words.forEach((word, index) => bytes.writeUInt32BE(word >>> 0, index * 4))
  return bytes.toString('base64')
}

const createCrc32 = (): Hasher => {
  let crc = 0
  return {
    update: (bytes) => {
      crc = crc32(bytes, crc)
    },
    digest: () => wordsToBase64(crc),
  }
}

// Castagnoli, reflected.
const crc32cTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

const createCrc32c = (): Hasher => {
  let crc = 0xffffffff
  return {
    update: (bytes) => {
      for (let i = 0; i < bytes.length; i++)
        crc = (crc >>> 8) ^ crc32cTable[(crc ^ bytes[i]!) & 0xff]!
    },
    digest: () => wordsToBase64(~crc),
  }
}

// NVM Express' 64-bit CRC, reflected, as two words: BigInt would be a hundred times slower.
const crc64High = new Uint32Array(256)
const crc64Low = new Uint32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let high = 0
  let low = byte
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1
    low = (low >>> 1) | (high << 31)
    high >>>= 1
    if (odd) {
      high ^= 0x9a6c9329
      low ^= 0xac4bc9b5
    }
  }
  crc64High[byte] = high
  crc64Low[byte] = low
}

const createCrc64 = (): Hasher => {
  let high = 0xffffffff
  let low = 0xffffffff
  return {
    update: (bytes) => {
      for (let i = 0; i < bytes.length; i++) {
        const at = (low ^ bytes[i]!) & 0xff
        low = ((low >>> 8) | (high << 24)) ^ crc64Low[at]!
        high = (high >>> 8) ^ crc64High[at]!
      }
    },
    digest: () => wordsToBase64(~high, ~low),
  }
}
