import { expect, it } from 'vitest'

import type { ChecksumAlgorithm } from './checksum.ts'
import { createHasher } from './checksum.ts'

// The check values every CRC catalogue gives for "123456789".
const known: readonly (readonly [ChecksumAlgorithm, string])[] = [
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['MD5', '25f9e794323b453885f5181f1b624d0b'],
]

it.each(known)('%s agrees with its published check value, in one piece or many', (name, hex) => {
  const whole = createHasher(name)
  whole.update(Buffer.from('123456789'))
  const pieces = createHasher(name)
  for (const digit of '123456789') pieces.update(Buffer.from(digit))
  const expected = Buffer.from(hex, 'hex').toString('base64')
  expect([whole.digest(), pieces.digest()]).toEqual([expected, expected])
})
