import { randomUUID } from 'node:crypto'
import type { Queue } from '@silversmith/core'
import { describe, expect, test } from 'vitest'

export interface QueueRoom {
  readonly queue: Queue
  /** Receives, and deletes, what is on the queue now; may return nothing although more is to come. */
  receive(): Promise<readonly string[]>
  close?(): Promise<void>
}

const deadlineMs = 20_000
const pollMs = 20

/** Bodies of this run that arrived until all `sent` were seen, or the deadline passed; each once, sorted. */
const arrivalsOf = async (
  { receive }: QueueRoom,
  sent: readonly string[],
): Promise<readonly string[]> => {
  const seen = new Set<string>()
  for (const end = Date.now() + deadlineMs; Date.now() < end;) {
    for (const body of await receive()) if (sent.includes(body)) seen.add(body)
    if (seen.size === new Set(sent).size) break
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  return [...seen].sort()
}

/** At least once, in no order: the suite asks for no more. */
export const describeQueue = (name: string, make: () => Promise<QueueRoom>): void => {
  describe(`queue contract: ${name}`, () => {
    const inRoom = (title: string, body: (room: QueueRoom, run: string) => Promise<void>): void =>
      test(title, async () => {
        const room = await make()
        try {
          await body(room, randomUUID())
        } finally {
          await room.close?.()
        }
      })

    inRoom('every confirmed body arrives, of 45 sent at once', async (room, run) => {
      const sent = Array.from({ length: 45 }, (_, i) => `${run} ${i}`)
      await Promise.all(sent.map((body) => room.queue.send(body)))
      expect(await arrivalsOf(room, sent)).toEqual([...sent].sort())
    })

    inRoom('bodies sent one after another all arrive', async (room, run) => {
      const sent = [`${run} a`, `${run} b`, `${run} c`]
      for (const body of sent) await room.queue.send(body)
      expect(await arrivalsOf(room, sent)).toEqual(sent)
    })

    inRoom('a body arrives as sent, with any text a key may hold', async (room, run) => {
      const sent = [JSON.stringify({ run, key: 'ä/漢字 +%20"\\\t😀' })]
      await room.queue.send(sent[0] ?? '')
      expect(await arrivalsOf(room, sent)).toEqual(sent)
    })

    inRoom('six bodies of 200 KB sent at once all arrive', async (room, run) => {
      const sent = Array.from({ length: 6 }, (_, i) => `${run} ${i} ${'x'.repeat(200_000)}`)
      await Promise.all(sent.map((body) => room.queue.send(body)))
      expect(await arrivalsOf(room, sent)).toEqual([...sent].sort())
    })
  })
}
