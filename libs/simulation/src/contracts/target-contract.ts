import { randomUUID } from 'node:crypto'
import type { Chunk, Target } from '@silversmith/core'
import { tokenOf } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { expectFault } from './store-contract.ts'

export interface TargetRoom {
  readonly target: Target
  /** Stages a chunk of `rowCount` rows whose `_chunk` is `<batch>#<n>` and whose `_record` is 0 … rowCount - 1. */
  stage(batch: string, n: number, rowCount: number): Promise<Chunk>
  /** Loses the staged bytes of a chunk. */
  unstage(chunk: Chunk): Promise<void>
  /** `<_chunk>/<_record>` of every row in the target, each as often as it is there. */
  rows(): Promise<readonly string[]>
  close?(): Promise<void>
}

const idle = (): AbortSignal => new AbortController().signal
const writersCount = 5

const expected = (batch: string, n: number, rowCount: number): readonly string[] =>
  Array.from({ length: rowCount }, (_, record) => `${tokenOf(batch, n)}/${record}`).sort()

/** `make` may hand out one table again and again: each test looks at batches of its own. */
export const describeTarget = (name: string, make: () => Promise<TargetRoom>): void => {
  describe(`target contract: ${name}`, () => {
    const inRoom = (
      title: string,
      body: (room: TargetRoom, batch: string) => Promise<void>,
    ): void =>
      test(title, async () => {
        const room = await make()
        try {
          await body(room, `T${randomUUID()}`)
        } finally {
          await room.close?.()
        }
      })
    const rowsOf = async ({ rows }: TargetRoom, batch: string): Promise<readonly string[]> =>
      (await rows()).filter((row) => row.startsWith(batch)).sort()

    inRoom('a chunk put is there, whole and once', async (room, batch) => {
      const chunk = await room.stage(batch, 0, 25)
      expect(await room.target.has(batch, chunk, idle())).toBe(false)
      await room.target.put(batch, chunk, idle())
      expect(await room.target.has(batch, chunk, idle())).toBe(true)
      expect(await rowsOf(room, batch)).toEqual(expected(batch, 0, 25))
    })

    inRoom('put again, the rows are there once', async (room, batch) => {
      const chunk = await room.stage(batch, 0, 10)
      for (let i = 0; i < 3; i += 1) await room.target.put(batch, chunk, idle())
      expect(await rowsOf(room, batch)).toEqual(expected(batch, 0, 10))
    })

    inRoom('put by five writers at once, the rows are there once', async (room, batch) => {
      const chunk = await room.stage(batch, 0, 10)
      await Promise.all(
        Array.from({ length: writersCount }, () => room.target.put(batch, chunk, idle())),
      )
      expect(await rowsOf(room, batch)).toEqual(expected(batch, 0, 10))
    })

    inRoom('chunks of one batch and month are told apart', async (room, batch) => {
      const first = await room.stage(batch, 0, 4)
      const second = await room.stage(batch, 1, 6)
      const eleventh = await room.stage(batch, 11, 2)
      await room.target.put(batch, eleventh, idle())
      expect(await room.target.has(batch, second, idle())).toBe(false)
      await room.target.put(batch, first, idle())
      expect(await room.target.has(batch, second, idle())).toBe(false)
      await room.target.put(batch, second, idle())
      expect(await rowsOf(room, batch)).toEqual(
        [...expected(batch, 0, 4), ...expected(batch, 1, 6), ...expected(batch, 11, 2)].sort(),
      )
    })

    inRoom('equal rows of two batches are both there', async (room, batch) => {
      const [one, other] = [`${batch}A`, `${batch}B`]
      await room.target.put(one, await room.stage(one, 0, 3), idle())
      const chunk = await room.stage(other, 0, 3)
      expect(await room.target.has(other, chunk, idle())).toBe(false)
      await room.target.put(other, chunk, idle())
      expect(await rowsOf(room, batch)).toEqual([...expected(one, 0, 3), ...expected(other, 0, 3)])
    })

    inRoom('a chunk whose staged bytes are lost changes nothing', async (room, batch) => {
      const chunk = await room.stage(batch, 0, 3)
      await room.unstage(chunk)
      await expectFault(room.target.put(batch, chunk, idle()), 'OBJECT_GONE')
      expect(await room.target.has(batch, chunk, idle())).toBe(false)
      expect(await rowsOf(room, batch)).toEqual([])
    })
  })
}
