import { persist, type Call } from '../patience.ts'
import type { EventMappings, QueueMeter, Clock, EventMapping } from '@silversmith/core'

export interface ResumeDeps {
  readonly clock: Clock
  readonly mappings: EventMappings
  readonly queues: readonly QueueMeter[]
}

export interface ResumeResult {
  /** All of them are enabled. */
  readonly resumed: boolean
  readonly mappings: readonly (EventMapping & { readonly queue: string })[]
}

const pollMs = 1_000

/** Enables every event source mapping of the queues and waits until they say so, or until `until`, epoch ms. May be repeated. */
export const resumePipeline = async (
  { clock, mappings, queues }: ResumeDeps,
  until: number,
  call: Call,
): Promise<ResumeResult> => {
  const arns = new Map<string, string>()
  for (const queue of queues)
    arns.set(queue.name, (await persist(clock, call, () => queue.measure(call.signal))).queueArn)
  for (;;) {
    const found: ResumeResult['mappings'][number][] = []
    for (const [queue, arn] of arns) {
      const own = await persist(clock, call, () => mappings.list(arn, call.signal))
      found.push(...own.map((one) => ({ ...one, queue })))
    }
    const off = found.filter(({ state }) => state !== 'enabled')
    if (off.length === 0) return { resumed: true, mappings: found }
    for (const { id, state } of off)
      if (state === 'disabled')
        await persist(clock, call, () => mappings.turn(id, true, call.signal))
    if (clock.now() >= until) return { resumed: false, mappings: found }
    await clock.sleep(Math.min(pollMs, until - clock.now()))
  }
}
