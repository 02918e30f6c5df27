import type { ChecksumAlgorithm, ChecksumType } from '@aws-sdk/client-s3'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { refusalOf } from './contract/room.ts'
import type { Bench } from './server-bench.ts'
import { openBench } from './server-bench.ts'

const Bucket = 'bench'
const parts = [randomBytes(5 * 1024 * 1024), randomBytes(77)]
const whole = Buffer.concat(parts)
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

describe('a multipart object', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await openBench()
  })
  afterAll(() => bench.close())

  const upload = async (
    Key: string,
    ChecksumAlgorithm?: ChecksumAlgorithm,
    ChecksumType?: ChecksumType,
    complete: object = {},
  ) => {
    const kind = { ChecksumAlgorithm, ChecksumType }
    const create = new CreateMultipartUploadCommand({ Bucket, Key, ...kind })
    const { UploadId } = await bench.client.send(create)
    const target = { Bucket, Key, UploadId }
    const Parts = []
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1
      const part = { ...target, PartNumber, Body, ChecksumAlgorithm }
      const answer = await bench.client.send(new UploadPartCommand(part))
      Parts.push({ PartNumber, ...answer })
    }
    const MultipartUpload = { Parts }
    return bench.client.send(
      new CompleteMultipartUploadCommand({ ...target, MultipartUpload, ...complete }),
    )
  }
  const head = (Key: string, more: object = {}) =>
    bench.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED', ...more }))

  it('has the checksum of its parts’ checksums', async () => {
    await upload('composite', 'SHA256')
    const expected = sha256(Buffer.concat(parts.map(sha256))).toString('base64')
    expect(await head('composite')).toMatchObject({
      ChecksumSHA256: `${expected}-2`,
      ChecksumType: 'COMPOSITE',
    })
  })

  it('has, when asked for, the checksum one PUT would have', async () => {
    await upload('full', 'CRC64NVME', 'FULL_OBJECT')
    const ChecksumAlgorithm = 'CRC64NVME'
    await bench.client.send(
      new PutObjectCommand({ Bucket, Key: 'once', Body: whole, ChecksumAlgorithm }),
    )
    const { ChecksumCRC64NVME } = await head('once')
    expect(ChecksumCRC64NVME).toMatch(/^[\w+/]{11}=$/)
    expect(await head('full')).toMatchObject({ ChecksumCRC64NVME, ChecksumType: 'FULL_OBJECT' })
  })

  it('is refused when it is not what the client says it is', async () => {
    const size = upload('wrong', 'CRC32', 'FULL_OBJECT', { MpuObjectSize: 5 })
    expect(await refusalOf(size)).toBe('400 InvalidRequest')
    const checksum = upload('wrong', 'CRC32', 'FULL_OBJECT', { ChecksumCRC32: 'AAAAAA==' })
    expect(await refusalOf(checksum)).toBe('400 BadDigest')
    expect(await refusalOf(head('wrong'))).toBe('404 NotFound')
  })

  it('is read part by part', async () => {
    await upload('parted')
    const second = new GetObjectCommand({ Bucket, Key: 'parted', PartNumber: 2 })
    const found = await bench.client.send(second)
    expect(found).toMatchObject({ PartsCount: 2, ContentLength: 77 })
    expect(Buffer.from(await found.Body!.transformToByteArray())).toEqual(parts[1])
  })

  it('becomes a plain one when copied', async () => {
    await upload('copied')
    const CopySource = `${Bucket}/copied`
    const copy = new CopyObjectCommand({ Bucket, Key: 'plain', CopySource })
    const { CopyObjectResult } = await bench.client.send(copy)
    expect(CopyObjectResult?.ETag).toBe(`"${createHash('md5').update(whole).digest('hex')}"`)
  })

  it('is listed among uploads until it is complete', async () => {
    for (const Key of ['list/b', 'list/a', 'other'])
      await bench.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const list = new ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', MaxUploads: 1 })
    const page = await bench.client.send(list)
    expect(page.Uploads?.map((each) => each.Key)).toEqual(['list/a'])
    const next = new ListMultipartUploadsCommand({
      Bucket,
      Prefix: 'list/',
      KeyMarker: page.NextKeyMarker,
      UploadIdMarker: page.NextUploadIdMarker,
    })
    const rest = await bench.client.send(next)
    expect(rest.Uploads?.map((each) => each.Key)).toEqual(['list/b'])
    expect(rest.IsTruncated).toBe(false)
  })
})
