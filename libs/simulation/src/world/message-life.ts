import { writeRecord } from './note-object.ts'
import { createRandom } from '../random.ts'
import type { Scheduler } from './scheduler.ts'

export interface MessageLifeOptions {
  readonly seed: number
  /** Messages come until then, counted from now. */
  readonly lastsMs: number
  readonly send: (body: string) => void
}

/** Apart from all else that is drawn: worlds without messages are what they were before there were any. */
const salt = 0x6d657373
const messageWorldChance = 0.3
const messagesMin = 1
const messagesSpread = 25
const burstChance = 0.5
const burstMs = 2_000

/** Plans messages that are data themselves, some of them close together, and some with equal bodies. */
export const startMessageLife = (
  scheduler: Scheduler,
  { seed, lastsMs, send }: MessageLifeOptions,
): void => {
  const random = createRandom(seed ^ salt)
  if (!random.chance(messageWorldChance)) return
  const isBursty = random.chance(burstChance)
  const begin = random.below(lastsMs)
  const bodies: string[] = []
  for (let n = messagesMin + random.below(messagesSpread); n > 0; n -= 1) {
    const fresh = writeRecord(random, `message-${n}`, '2025-12-31')
    const body = bodies.length > 0 && random.chance(0.1) ? random.pick(bodies) : fresh
    bodies.push(body)
    scheduler.after(isBursty ? begin + random.below(burstMs) : random.below(lastsMs), () =>
      send(body),
    )
  }
}
