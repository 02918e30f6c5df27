import type { Clock, Ids } from '@silversmith/core'
import { createRandom } from '../random.ts'

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const timeChars = 10
const counterChars = 6
const randomChars = 10

const digit = (n: number): string => crockford[n] ?? '0'
const encode = (n: number, length: number): string => {
  let text = ''
  for (let rest = n; text.length < length; rest = Math.floor(rest / 32))
    text = digit(rest % 32) + text
  return text
}

/** ULIDs of the clock's time that grow with every call and repeat with the seed. */
export const createMemoryIds = (seed: number, clock: Pick<Clock, 'now'>): Ids => {
  const random = createRandom(seed)
  let count = 0
  return {
    next: () => {
      count += 1
      let tail = ''
      for (let i = 0; i < randomChars; i += 1) tail += digit(random.below(32))
      return encode(clock.now(), timeChars) + encode(count, counterChars) + tail
    },
  }
}
