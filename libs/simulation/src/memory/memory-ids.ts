import type { Ids } from '@silversmith/core'
import { createRandom } from '../random.ts'

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const counterChars = 10
const randomChars = 16

/** ULIDs that grow with every call and repeat with the seed. */
export const createMemoryIds = (seed = 1): Ids => {
  const random = createRandom(seed)
  let count = 0
  const digit = (n: number): string => crockford[n] ?? '0'
  return {
    next: () => {
      count += 1
      let head = ''
      for (let rest = count, i = 0; i < counterChars; i += 1, rest = Math.floor(rest / 32))
        head = digit(rest % 32) + head
      let tail = ''
      for (let i = 0; i < randomChars; i += 1) tail += digit(random.below(32))
      return head + tail
    },
  }
}
