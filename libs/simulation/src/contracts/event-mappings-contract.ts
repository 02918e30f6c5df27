import type { EventMapping, EventMappings } from '@silversmith/core'
import { describe, expect, test } from 'vitest'

export interface EventMappingsRoom {
  readonly mappings: EventMappings
  /** Of a queue with exactly one mapping, which is enabled. */
  readonly queueArn: string
  /** Bodies that its function was handed directly, in the order of its invocations. */
  readonly delivered: readonly (readonly string[])[]
  /** What the function does with the next messages. */
  end(how: 'ended' | 'failed'): void
  close?(): Promise<void>
}

const { signal } = new AbortController()
const waitMsMax = 60_000
const pollMs = 20

/** Its only mapping, once it is in that state. */
const settled = async (
  { mappings, queueArn }: EventMappingsRoom,
  state: EventMapping['state'],
): Promise<EventMapping> => {
  for (const end = Date.now() + waitMsMax; Date.now() < end;) {
    const [mapping, ...others] = await mappings.list(queueArn, signal)
    expect(others).toEqual([])
    if (mapping?.state === state) return mapping
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  throw new Error(`the mapping is not ${state}`)
}

export const describeEventMappings = (
  name: string,
  make: () => Promise<EventMappingsRoom>,
): void => {
  describe(`event mappings contract: ${name}`, () => {
    const inRoom = (title: string, body: (room: EventMappingsRoom) => Promise<void>): void =>
      test(title, async () => {
        const room = await make()
        try {
          await body(room)
        } finally {
          await room.close?.()
        }
      })

    inRoom('a mapping is turned off and on, as often as one likes', async (room) => {
      const { id, queueArn } = await settled(room, 'enabled')
      expect(queueArn).toBe(room.queueArn)
      await room.mappings.turn(id, false, signal)
      await room.mappings.turn(id, false, signal)
      const off = await settled(room, 'disabled')
      expect(off.id).toBe(id)
      await room.mappings.turn(id, false, signal)
      expect(await settled(room, 'disabled')).toEqual(off)
      await room.mappings.turn(id, true, signal)
      const on = await settled(room, 'enabled')
      expect(on.changedAt).toBeGreaterThanOrEqual(off.changedAt)
    })

    inRoom('a queue without mappings has none', async ({ mappings, queueArn }) => {
      expect(await mappings.list(`${queueArn}-other`, signal)).toEqual([])
    })

    inRoom('what feeds a function is found by its name', async (room) => {
      const mapping = await settled(room, 'enabled')
      expect(await room.mappings.listOf(mapping.functionName, signal)).toEqual([mapping])
      expect(await room.mappings.listOf('another', signal)).toEqual([])
    })

    inRoom('a mapping that is not there cannot be turned', async ({ mappings }) => {
      await expect(mappings.turn('none', false, signal)).rejects.toMatchObject({
        code: 'QUEUE_DENIED',
      })
    })

    inRoom('its function is handed messages while it is off, and its end is told', async (room) => {
      const { id } = await settled(room, 'enabled')
      await room.mappings.turn(id, false, signal)
      const mapping = await settled(room, 'disabled')
      expect(await room.mappings.deliver(mapping, ['a', 'ä "b"'], signal)).toBe('ended')
      room.end('failed')
      expect(await room.mappings.deliver(mapping, ['c'], signal)).toBe('failed')
      expect(room.delivered).toEqual([['a', 'ä "b"'], ['c']])
    })
  })
}
