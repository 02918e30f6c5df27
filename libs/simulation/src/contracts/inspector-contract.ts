import { randomUUID } from 'node:crypto'
import type { Chunk, Inspector, RowOrigin } from '@silversmith/core'
import { tokenOf } from '@silversmith/core'
import { describe, expect, test } from 'vitest'

export interface InspectorRoom {
  readonly inspector: Inspector
  /** A chunk of `rowCount` rows of distinct identities, in the target. */
  put(batch: string, n: number, rowCount: number): Promise<Chunk>
  /** Where the rows of a chunk that was put come from; their records count from 0. */
  originOf(batch: string, n: number): RowOrigin
  /** Puts the first `rowCount` rows of it there a second time. Absent: the target cannot have them twice. */
  double?(batch: string, chunk: Chunk, rowCount: number): Promise<void>
  /** Takes the first `rowCount` rows of it away. */
  lose(batch: string, chunk: Chunk, rowCount: number): Promise<void>
  close?(): Promise<void>
}

const idle = (): AbortSignal => new AbortController().signal

/** `make` may hand out one table again and again: each test looks at batches of its own. */
export const describeInspector = (name: string, make: () => Promise<InspectorRoom>): void => {
  describe(`inspector contract: ${name}`, () => {
    const inRoom = (
      title: string,
      body: (room: InspectorRoom, batch: string) => Promise<void>,
    ): void =>
      test(title, async () => {
        const room = await make()
        try {
          await body(room, `T${randomUUID()}`)
        } finally {
          await room.close?.()
        }
      })

    inRoom('chunks are told in the order asked, each by itself', async (room, batch) => {
      const { inspector } = room
      const few = await room.put(batch, 0, 3)
      const many = await room.put(batch, 1, 7)
      const eleventh = await room.put(batch, 11, 5)
      const never = { ...few, n: 2 }
      expect(await inspector.inspect(batch, [eleventh, never, few, many], idle())).toEqual([
        { rows: 5, distinct: 5 },
        { rows: 0, distinct: 0 },
        { rows: 3, distinct: 3 },
        { rows: 7, distinct: 7 },
      ])
      expect(await inspector.inspect(batch, [], idle())).toEqual([])
    })

    inRoom('equal numbers of another batch do not count', async ({ inspector, put }, batch) => {
      const chunk = await put(`${batch}A`, 0, 3)
      expect(await inspector.inspect(`${batch}B`, [chunk], idle())).toEqual([
        { rows: 0, distinct: 0 },
      ])
    })

    inRoom('rows lost are missed, some or all', async (room, batch) => {
      const some = await room.put(batch, 0, 6)
      const all = await room.put(batch, 1, 4)
      await room.lose(batch, some, 2)
      await room.lose(batch, all, 4)
      expect(await room.inspector.inspect(batch, [some, all], idle())).toEqual([
        { rows: 4, distinct: 4 },
        { rows: 0, distinct: 0 },
      ])
    })

    inRoom('rows that are there twice are more than their identities', async (room, batch) => {
      if (!room.double) return
      const chunk = await room.put(batch, 0, 6)
      await room.double(batch, chunk, 2)
      expect(await room.inspector.inspect(batch, [chunk], idle())).toEqual([
        { rows: 8, distinct: 6 },
      ])
    })

    inRoom(
      'rows of one object version, or of one record of it, are counted by themselves',
      async (room, batch) => {
        const { inspector, originOf } = room
        const chunk = await room.put(batch, 0, 6)
        const lost = await room.put(batch, 1, 4)
        await room.lose(batch, lost, 2)
        const origin = originOf(batch, 0)
        const count = async (chunks: readonly Chunk[], from: RowOrigin) =>
          (await inspector.inspect(batch, chunks, idle(), from)).map(({ rows, distinct }) => [
            rows,
            distinct,
          ])
        expect(await count([chunk], origin)).toEqual([[6, 6]])
        expect(await count([chunk], { ...origin, record: 5 })).toEqual([[1, 1]])
        expect(await count([chunk], { ...origin, record: 6 })).toEqual([[0, 0]])
        expect(await count([chunk], { ...origin, version: 'another' })).toEqual([[0, 0]])
        expect(await count([chunk], { ...origin, source: `${origin.source}x` })).toEqual([[0, 0]])
        const second = originOf(batch, 1)
        expect(await count([lost], second)).toEqual([[2, 2]])
        expect(await count([lost], { ...second, record: 1 })).toEqual([[0, 0]])
        if (!room.double) return
        await room.double(batch, chunk, 2)
        expect(await count([chunk], { ...origin, record: 1 })).toEqual([[2, 1]])
      },
    )

    inRoom('tokens are listed in order, page by page, once in each folder', async (room, batch) => {
      const chunks: Chunk[] = []
      for (const n of [0, 1, 2, 10]) chunks.push(await room.put(batch, n, 3))
      const [first] = chunks
      if (!first) throw new Error('no chunk')
      await room.lose(batch, first, 3)
      const tokens = [1, 2, 10].map((n) => tokenOf(batch, n)).toSorted()
      const listed: string[] = []
      let from: string | undefined = `${batch}`
      for (;;) {
        const place: string | undefined = from
        const page = await room.inspector.listTokens(first.table, place, 2, idle())
        expect(page.length).toBeLessThanOrEqual(2)
        listed.push(...page)
        if (page.length < 2) break
        from = page.at(-1)
      }
      expect(listed).toEqual([...new Set(listed)])
      const folders = new Set(listed.map((name) => name.slice(0, name.lastIndexOf('/') + 1)))
      for (const folder of folders)
        expect(listed.filter((name) => name.startsWith(`${folder}${batch}`))).toEqual(
          tokens.map((token) => folder + token),
        )
      expect(await room.inspector.listTokens(first.table, undefined, 100_000, idle())).toEqual(
        expect.arrayContaining(listed.filter((name) => name.includes(batch))),
      )
    })
  })
}
