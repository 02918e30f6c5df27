import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Room } from './room.ts'
import { md5, quoted, refusalOf } from './room.ts'

export const describeObjects = (room: Room): void => {
  const { does, put, get, head, textOf, list } = room
  describe('objects', () => {
    beforeAll(room.open)

    it('come back with bytes, etag, type, encoding and metadata', async () => {
      const bytes = randomBytes(100_000)
      const { ETag } = await put('whole', bytes, {
        ContentType: 'application/json',
        ContentEncoding: 'gzip',
        CacheControl: 'no-store',
        Metadata: { sha256: 'abc', 'two-words': 'a b' },
      })
      expect(ETag).toBe(quoted(md5(bytes)))
      const found = await get('whole')
      expect(Buffer.from(await found.Body!.transformToByteArray())).toEqual(bytes)
      for (const seen of [found, await head('whole')]) {
        expect(seen).toMatchObject({
          ETag,
          ContentLength: 100_000,
          ContentType: 'application/json',
          ContentEncoding: 'gzip',
          CacheControl: 'no-store',
          Metadata: { sha256: 'abc', 'two-words': 'a b' },
        })
        expect(Math.abs(seen.LastModified!.getTime() - Date.now())).toBeLessThan(60_000)
      }
    })

    it('may be empty', async () => {
      await put('empty', '')
      expect(await textOf('empty')).toBe('')
      expect((await head('empty')).ContentLength).toBe(0)
    })

    it('are replaced by the next write', async () => {
      await put('twice', 'one')
      await put('twice', 'two')
      expect(await textOf('twice')).toBe('two')
    })

    it('that are not there answer NoSuchKey to GET and 404 to HEAD', async () => {
      expect(await refusalOf(get('nothing'))).toBe('404 NoSuchKey')
      expect(await refusalOf(head('nothing'))).toBe('404 NotFound')
    })

    it('are gone after DELETE, which forgives the second time', async () => {
      await put('short-lived', 'x')
      await room.client.send(new DeleteObjectCommand({ Bucket: room.bucket, Key: 'short-lived' }))
      await room.client.send(new DeleteObjectCommand({ Bucket: room.bucket, Key: 'short-lived' }))
      expect(await refusalOf(get('short-lived'))).toBe('404 NoSuchKey')
    })

    it('are deleted many at a time', async () => {
      for (const key of ['many/1', 'many/2', 'many/&<3>']) await put(key, key)
      const Objects = ['many/1', 'many/&<3>', 'many/absent'].map((Key) => ({ Key }))
      const answer = await room.client.send(
        new DeleteObjectsCommand({ Bucket: room.bucket, Delete: { Objects } }),
      )
      expect(answer.Deleted?.map((each) => each.Key).sort()).toEqual(
        Objects.map((each) => each.Key).sort(),
      )
      const left = await list({ Prefix: 'many/' })
      expect(left.Contents?.map((each) => each.Key)).toEqual(['many/2'])
    })

    it('have any key, and keep it exactly', async () => {
      const keys = [
        'odd/a b+c%20d',
        'odd/ä€😀',
        'odd/../../up',
        'odd//double/./dot/',
        'odd/q?a=b&c#d;e:f@g$h,i=j',
        `odd/"'<>&*()!~`,
        `odd/${'long-'.repeat(200)}`,
        'odd/-',
      ]
      for (const key of keys) await put(key, `body of ${key}`)
      for (const key of keys) expect(await textOf(key)).toBe(`body of ${key}`)
      const found = await list({ Prefix: 'odd/' })
      expect(found.Contents?.map((each) => each.Key).sort()).toEqual([...keys].sort())
    })

    it('give the range asked for', async () => {
      await put('ranged', '0123456789')
      const ranges = [
        ['bytes=2-5', '2345', 'bytes 2-5/10'],
        ['bytes=7-', '789', 'bytes 7-9/10'],
        ['bytes=-3', '789', 'bytes 7-9/10'],
        ['bytes=8-100', '89', 'bytes 8-9/10'],
      ] as const
      for (const [Range, text, ContentRange] of ranges) {
        const found = await get('ranged', { Range })
        expect(found.$metadata.httpStatusCode).toBe(206)
        expect(found.ContentRange).toBe(ContentRange)
        expect(await found.Body!.transformToString()).toBe(text)
      }
      expect(await refusalOf(get('ranged', { Range: 'bytes=10-' }))).toBe('416 InvalidRange')
    })

    it('are read under conditions', async () => {
      const { ETag } = await put('read-if', 'x')
      const past = new Date(Date.now() - 3_600_000)
      expect(await textOf('read-if', { IfMatch: ETag })).toBe('x')
      expect(await textOf('read-if', { IfNoneMatch: '"other"' })).toBe('x')
      expect(await textOf('read-if', { IfModifiedSince: past })).toBe('x')
      expect(await refusalOf(get('read-if', { IfMatch: '"other"' }))).toBe('412 PreconditionFailed')
      expect(await refusalOf(get('read-if', { IfUnmodifiedSince: past }))).toBe(
        '412 PreconditionFailed',
      )
      expect(await refusalOf(get('read-if', { IfNoneMatch: ETag }))).toMatch(/^304/)
      const now = (await head('read-if')).LastModified
      expect(await refusalOf(get('read-if', { IfModifiedSince: now }))).toMatch(/^304/)
    })

    does('bad-md5-refused')('are refused when their Content-MD5 is wrong', async () => {
      const ContentMD5 = Buffer.from(md5('other'), 'hex').toString('base64')
      expect(await refusalOf(put('bad-md5', 'x', { ContentMD5 }))).toBe('400 BadDigest')
      expect(await refusalOf(get('bad-md5'))).toBe('404 NoSuchKey')
    })

    does('bad-checksum-refused')('are refused when their checksum is wrong', async () => {
      expect(await refusalOf(put('bad-crc', 'x', { ChecksumCRC32: 'AAAAAA==' }))).toMatch(/^400/)
      expect(await refusalOf(get('bad-crc'))).toBe('404 NoSuchKey')
    })

    it('keep their checksum and show it when asked', async () => {
      const ChecksumSHA256 = createHash('sha256').update('summed').digest('base64')
      await put('summed', 'summed', { ChecksumAlgorithm: 'SHA256' })
      const asked = await head('summed', { ChecksumMode: 'ENABLED' })
      expect(asked.ChecksumSHA256).toBe(ChecksumSHA256)
    })
  })
}
