import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Room } from './room.ts'
import { md5, quoted, refusalOf } from './room.ts'

export const describeMultipartUploads = (room: Room): void => {
  const { does, put, get, head, textOf } = room
  describe('multipart uploads', () => {
    beforeAll(room.open)

    const partBytes = 5 * 1024 * 1024
    const first = randomBytes(partBytes)
    const last = randomBytes(1000)
    const start = async (Key: string, more: object = {}): Promise<string> =>
      (
        await room.client.send(
          new CreateMultipartUploadCommand({ Bucket: room.bucket, Key, ...more }),
        )
      ).UploadId!
    const upload = (Key: string, UploadId: string, PartNumber: number, Body: Uint8Array) =>
      room.client.send(
        new UploadPartCommand({ Bucket: room.bucket, Key, UploadId, PartNumber, Body }),
      )
    const complete = (
      Key: string,
      UploadId: string,
      etags: readonly (string | undefined)[],
      more: object = {},
    ) => {
      const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
      const MultipartUpload = { Parts }
      return room.client.send(
        new CompleteMultipartUploadCommand({
          Bucket: room.bucket,
          Key,
          UploadId,
          MultipartUpload,
          ...more,
        }),
      )
    }
    const both = async (Key: string, more: object = {}) => {
      const id = await start(Key, more)
      const etags = [(await upload(Key, id, 1, first)).ETag, (await upload(Key, id, 2, last)).ETag]
      return { id, etags }
    }
    const joined = Buffer.concat([
      createHash('md5').update(first).digest(),
      createHash('md5').update(last).digest(),
    ])

    it('become one object with the etag of their parts', async () => {
      const { id, etags } = await both('multi', {
        Metadata: { a: 'b' },
        ContentType: 'text/x-multi',
      })
      expect(await refusalOf(head('multi'))).toBe('404 NotFound')
      const { ETag } = await complete('multi', id, etags)
      expect(ETag).toBe(quoted(`${md5(joined)}-2`))
      const found = await get('multi')
      expect(found).toMatchObject({ ETag, Metadata: { a: 'b' }, ContentType: 'text/x-multi' })
      const bytes = Buffer.from(await found.Body!.transformToByteArray())
      expect(bytes.equals(Buffer.concat([first, last]))).toBe(true)
      expect(await refusalOf(complete('multi', id, etags))).not.toMatch(/^5/)
    })

    it('list their parts, the last write of each', async () => {
      const id = await start('listed')
      await upload('listed', id, 2, Buffer.from('old'))
      await upload('listed', id, 2, last)
      await upload('listed', id, 1, first)
      const { Parts } = await room.client.send(
        new ListPartsCommand({ Bucket: room.bucket, Key: 'listed', UploadId: id }),
      )
      expect(Parts?.map((part) => [part.PartNumber, part.Size, part.ETag])).toEqual([
        [1, partBytes, quoted(md5(first))],
        [2, 1000, quoted(md5(last))],
      ])
    })

    does('aborted-upload-404')('vanish when aborted', async () => {
      const { id, etags } = await both('aborted')
      await room.client.send(
        new AbortMultipartUploadCommand({ Bucket: room.bucket, Key: 'aborted', UploadId: id }),
      )
      expect(await refusalOf(complete('aborted', id, etags))).toBe('404 NoSuchUpload')
      expect(await refusalOf(get('aborted'))).toBe('404 NoSuchKey')
    })

    it('take parts from other objects', async () => {
      await put('part-source', Buffer.concat([Buffer.from('ab'), first]))
      const id = await start('assembled')
      const copied = await room.client.send(
        new UploadPartCopyCommand({
          Bucket: room.bucket,
          Key: 'assembled',
          UploadId: id,
          PartNumber: 1,
          CopySource: `${room.bucket}/part-source`,
          CopySourceRange: `bytes=2-${partBytes + 1}`,
        }),
      )
      expect(copied.CopyPartResult?.ETag).toBe(quoted(md5(first)))
      const { ETag } = await upload('assembled', id, 2, last)
      const answer = await complete('assembled', id, [copied.CopyPartResult?.ETag, ETag])
      expect(answer.ETag).toBe(quoted(`${md5(joined)}-2`))
    })

    it('refuse wrong, unordered and small parts', async () => {
      const { id, etags } = await both('refused')
      expect(await refusalOf(complete('refused', id, [etags[1], etags[0]]))).toBe('400 InvalidPart')
      const small = await start('small')
      const a = (await upload('small', small, 1, last)).ETag
      const b = (await upload('small', small, 2, last)).ETag
      expect(await refusalOf(complete('small', small, [a, b]))).toBe('400 EntityTooSmall')
      expect(await refusalOf(get('small'))).toBe('404 NoSuchKey')
    })

    it('create only what is not there', async () => {
      const { id, etags } = await both('multi-once')
      await put('multi-once', 'first')
      expect(await refusalOf(complete('multi-once', id, etags, { IfNoneMatch: '*' }))).toBe(
        '412 PreconditionFailed',
      )
      expect(await textOf('multi-once')).toBe('first')
    })
  })
}
