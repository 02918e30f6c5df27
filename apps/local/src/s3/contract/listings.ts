import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Room } from './room.ts'
import { md5, quoted } from './room.ts'

export const describeListings = (room: Room): void => {
  const { put, list } = room
  describe('listings', () => {
    beforeAll(room.open)

    const names = ['a', 'b/1', 'b/2', 'b/c/3', 'b/c/4', 'd', 'e/5', 'z']
    const keysOf = (page: { Contents?: { Key?: string | undefined }[] | undefined }) =>
      (page.Contents ?? []).map((each) => each.Key)
    const prefixesOf = (page: { CommonPrefixes?: { Prefix?: string | undefined }[] | undefined }) =>
      (page.CommonPrefixes ?? []).map((each) => each.Prefix)

    beforeAll(async () => {
      for (const name of names) await put(name, name)
    })

    it('are in key order and tell size and etag', async () => {
      const page = await list()
      expect(keysOf(page)).toEqual(names)
      expect(page.Contents?.[1]).toMatchObject({ Size: 3, ETag: quoted(md5('b/1')) })
    })

    it('take a prefix, a delimiter and a key to start after', async () => {
      expect(keysOf(await list({ Prefix: 'b/' }))).toEqual(['b/1', 'b/2', 'b/c/3', 'b/c/4'])
      const rolled = await list({ Delimiter: '/' })
      expect(keysOf(rolled)).toEqual(['a', 'd', 'z'])
      expect(prefixesOf(rolled)).toEqual(['b/', 'e/'])
      const inner = await list({ Prefix: 'b/', Delimiter: '/' })
      expect(keysOf(inner)).toEqual(['b/1', 'b/2'])
      expect(prefixesOf(inner)).toEqual(['b/c/'])
      expect(keysOf(await list({ StartAfter: 'b/c/3' }))).toEqual(['b/c/4', 'd', 'e/5', 'z'])
    })

    it('are paged without a gap or a repeat, with and without a delimiter', async () => {
      for (const more of [{}, { Delimiter: '/' }, { Prefix: 'b/', Delimiter: '/' }]) {
        const whole = await list(more)
        const seen: (string | undefined)[] = []
        let ContinuationToken: string | undefined
        do {
          const page = await list({ ...more, MaxKeys: 1, ContinuationToken })
          seen.push(...keysOf(page), ...prefixesOf(page))
          expect(page.KeyCount).toBe(1)
          ContinuationToken = page.NextContinuationToken
          expect(page.IsTruncated).toBe(ContinuationToken !== undefined)
        } while (ContinuationToken !== undefined)
        expect([...seen].sort()).toEqual([...keysOf(whole), ...prefixesOf(whole)].sort())
      }
    })

    it('encode keys when asked to', async () => {
      await put('y/ä b', 'x')
      const page = await list({ Prefix: 'y/', EncodingType: 'url' })
      expect(page.EncodingType).toBe('url')
      expect(keysOf(page)[0]).toMatch(/^y(\/|%2F)%C3%A4(\+|%20)b$/)
      await room.client.send(new DeleteObjectCommand({ Bucket: room.bucket, Key: 'y/ä b' }))
    })

    it('order keys by their UTF-8 bytes', async () => {
      // As UTF-16 the emoji would come before U+FF5E.
      const keys = ['o/Z', 'o/a', 'o/é', 'o/～', 'o/😀']
      for (const key of [...keys].reverse()) await put(key, 'x')
      expect(keysOf(await list({ Prefix: 'o/' }))).toEqual(keys)
    })
  })
}
