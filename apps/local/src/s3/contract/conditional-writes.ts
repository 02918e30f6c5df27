import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Room } from './room.ts'
import { refusalOf } from './room.ts'

export const describeConditionalWrites = (room: Room): void => {
  const { does, put, get, head, textOf, copy } = room
  describe('conditional writes', () => {
    beforeAll(room.open)

    it('create only what is not there', async () => {
      await put('once', 'first', { IfNoneMatch: '*' })
      expect(await refusalOf(put('once', 'second', { IfNoneMatch: '*' }))).toBe(
        '412 PreconditionFailed',
      )
      expect(await textOf('once')).toBe('first')
    })

    does('one-winner')('have one winner among racers', async () => {
      const racers = Array.from({ length: 20 }, (_, n) => `racer ${n}`)
      const outcomes = await Promise.all(
        racers.map(async (racer) => {
          const outcome = await refusalOf(put('raced', racer, { IfNoneMatch: '*' }))
          return { racer, outcome }
        }),
      )
      const winners = outcomes.filter((each) => each.outcome === 'accepted')
      expect(winners).toHaveLength(1)
      expect(await textOf('raced')).toBe(winners[0]?.racer)
    })

    it('replace only the etag they name', async () => {
      const first = await put('swapped', 'one')
      const second = await put('swapped', 'two', { IfMatch: first.ETag })
      expect(await refusalOf(put('swapped', 'three', { IfMatch: first.ETag }))).toBe(
        '412 PreconditionFailed',
      )
      expect((await head('swapped')).ETag).toBe(second.ETag)
    })

    it('answer NoSuchKey to If-Match on nothing', async () => {
      expect(await refusalOf(put('not-there', 'x', { IfMatch: '"any"' }))).toBe('404 NoSuchKey')
    })

    does('copy-conditions')('guard the destination of a copy', async () => {
      await put('copy-from', 'x')
      await copy('copy-from', 'copy-once', { IfNoneMatch: '*' })
      expect(await refusalOf(copy('copy-from', 'copy-once', { IfNoneMatch: '*' }))).toBe(
        '412 PreconditionFailed',
      )
      expect(await refusalOf(copy('copy-from', 'copy-once', { IfMatch: '"other"' }))).toBe(
        '412 PreconditionFailed',
      )
    })

    it('delete only the etag they name', async () => {
      const { ETag } = await put('guarded', 'x')
      const Key = 'guarded'
      expect(
        await refusalOf(
          room.client.send(
            new DeleteObjectCommand({ Bucket: room.bucket, Key, IfMatch: '"other"' }),
          ),
        ),
      ).toBe('412 PreconditionFailed')
      await room.client.send(new DeleteObjectCommand({ Bucket: room.bucket, Key, IfMatch: ETag }))
      expect(await refusalOf(get(Key))).toBe('404 NoSuchKey')
    })
  })
}
