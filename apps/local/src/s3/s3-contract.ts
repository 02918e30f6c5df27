import type { S3Client } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** What some S3s do otherwise; a suite may leave it out by name. */
export type Behaviour =
  | 'bad-md5-refused'
  | 'bad-checksum-refused'
  | 'copy-conditions'
  | 'marker-by-id-405'
  | 'suspended-null-version'
  | 'aborted-upload-404'

export interface S3UnderTest {
  readonly client: S3Client
  close(): Promise<void>
}

const md5 = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('hex')
const quoted = (etag: string): string => `"${etag}"`

/** Name and status of the refusal; fails when there is none. */
export const refusalOf = async (call: Promise<unknown>): Promise<string> => {
  const outcome = await call.then(
    () => 'accepted',
    (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode} ${error.name}`,
  )
  return outcome
}

let buckets = 0

/** The S3 this house relies on, told through the SDK's client alone: any S3 should pass. */
export const describeS3 = (
  name: string,
  makeS3: () => Promise<S3UnderTest>,
  leave: readonly Behaviour[] = [],
): void => {
  describe(`S3 contract on ${name}`, () => {
    let s3: S3UnderTest
    let client: S3Client
    let Bucket: string
    const does = (behaviour: Behaviour): typeof it =>
      it.skipIf(leave.includes(behaviour)) as typeof it

    const createBucket = async (versioning?: 'Enabled' | 'Suspended'): Promise<string> => {
      const created = `contract-${process.pid}-${(buckets += 1)}`
      await client.send(new CreateBucketCommand({ Bucket: created }))
      if (versioning) await setVersioning(created, versioning)
      return created
    }
    const setVersioning = (bucket: string, Status: 'Enabled' | 'Suspended'): Promise<unknown> =>
      client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }),
      )
    const put = (Key: string, Body: string | Uint8Array, more: object = {}) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
    const get = (Key: string, more: object = {}) =>
      client.send(new GetObjectCommand({ Bucket, Key, ...more }))
    const head = (Key: string, more: object = {}) =>
      client.send(new HeadObjectCommand({ Bucket, Key, ...more }))
    const textOf = async (Key: string, more: object = {}): Promise<string> =>
      (await get(Key, more)).Body!.transformToString()
    const list = (more: object = {}) => client.send(new ListObjectsV2Command({ Bucket, ...more }))
    const copy = (from: string, Key: string, more: object = {}) =>
      client.send(
        new CopyObjectCommand({
          Bucket,
          Key,
          CopySource: `${Bucket}/${encodeURIComponent(from)}`,
          ...more,
        }),
      )

    beforeAll(async () => {
      s3 = await makeS3()
      client = s3.client
      Bucket = await createBucket()
    })
    afterAll(() => s3?.close())

    describe('buckets', () => {
      it('are there once created, and gone once deleted', async () => {
        const created = await createBucket()
        await client.send(new HeadBucketCommand({ Bucket: created }))
        const { Buckets } = await client.send(new ListBucketsCommand({}))
        expect(Buckets?.map((each) => each.Name)).toContain(created)
        await client.send(new DeleteBucketCommand({ Bucket: created }))
        expect(await refusalOf(client.send(new HeadBucketCommand({ Bucket: created })))).toBe(
          '404 NotFound',
        )
      })

      it('cannot be deleted while they hold an object', async () => {
        await put('stays', 'x')
        expect(await refusalOf(client.send(new DeleteBucketCommand({ Bucket })))).toBe(
          '409 BucketNotEmpty',
        )
      })

      it('that do not exist are named so by every call', async () => {
        const gone = { Bucket: 'never-created', Key: 'k' }
        expect(await refusalOf(client.send(new GetObjectCommand(gone)))).toBe('404 NoSuchBucket')
        expect(await refusalOf(client.send(new PutObjectCommand({ ...gone, Body: 'x' })))).toBe(
          '404 NoSuchBucket',
        )
        expect(await refusalOf(client.send(new ListObjectsV2Command(gone)))).toBe(
          '404 NoSuchBucket',
        )
      })
    })

    describe('objects', () => {
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
        await client.send(new DeleteObjectCommand({ Bucket, Key: 'short-lived' }))
        await client.send(new DeleteObjectCommand({ Bucket, Key: 'short-lived' }))
        expect(await refusalOf(get('short-lived'))).toBe('404 NoSuchKey')
      })

      it('are deleted many at a time', async () => {
        for (const key of ['many/1', 'many/2', 'many/&<3>']) await put(key, key)
        const Objects = ['many/1', 'many/&<3>', 'many/absent'].map((Key) => ({ Key }))
        const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
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
        expect(await refusalOf(get('read-if', { IfMatch: '"other"' }))).toBe(
          '412 PreconditionFailed',
        )
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

    describe('conditional writes', () => {
      it('create only what is not there', async () => {
        await put('once', 'first', { IfNoneMatch: '*' })
        expect(await refusalOf(put('once', 'second', { IfNoneMatch: '*' }))).toBe(
          '412 PreconditionFailed',
        )
        expect(await textOf('once')).toBe('first')
      })

      it('have one winner among racers', async () => {
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
            client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: '"other"' })),
          ),
        ).toBe('412 PreconditionFailed')
        await client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: ETag }))
        expect(await refusalOf(get(Key))).toBe('404 NoSuchKey')
      })
    })

    describe('copies', () => {
      it('carry the metadata of their source, or new ones when told to replace', async () => {
        const Metadata = { origin: 'source' }
        await put('original ä+b', 'copied', { ContentType: 'text/x-own', Metadata })
        const { CopyObjectResult } = await copy('original ä+b', 'carried')
        expect(CopyObjectResult?.ETag).toBe(quoted(md5('copied')))
        expect(await head('carried')).toMatchObject({ ContentType: 'text/x-own', Metadata })
        await copy('original ä+b', 'replaced', {
          MetadataDirective: 'REPLACE',
          ContentType: 'text/y',
          Metadata: { origin: 'copy' },
        })
        const replaced = await head('replaced')
        expect(replaced).toMatchObject({ ContentType: 'text/y', Metadata: { origin: 'copy' } })
        expect(await textOf('replaced')).toBe('copied')
      })

      it('of nothing are refused', async () => {
        expect(await refusalOf(copy('nothing', 'target'))).toBe('404 NoSuchKey')
      })

      does('copy-conditions')('under a failed condition are refused', async () => {
        await put('copyable', 'x')
        const CopySourceIfMatch = '"other"'
        expect(await refusalOf(copy('copyable', 'target', { CopySourceIfMatch }))).toBe(
          '412 PreconditionFailed',
        )
      })

      it('onto themselves must change something', async () => {
        await put('mirror', 'x')
        expect(await refusalOf(copy('mirror', 'mirror'))).toBe('400 InvalidRequest')
        await copy('mirror', 'mirror', { MetadataDirective: 'REPLACE', Metadata: { a: 'b' } })
        expect((await head('mirror')).Metadata).toEqual({ a: 'b' })
      })
    })

    describe('listings', () => {
      const names = ['a', 'b/1', 'b/2', 'b/c/3', 'b/c/4', 'd', 'e/5', 'z']
      const keysOf = (page: { Contents?: { Key?: string | undefined }[] | undefined }) =>
        (page.Contents ?? []).map((each) => each.Key)
      const prefixesOf = (page: {
        CommonPrefixes?: { Prefix?: string | undefined }[] | undefined
      }) => (page.CommonPrefixes ?? []).map((each) => each.Prefix)
      let before: string

      beforeAll(async () => {
        before = Bucket
        Bucket = await createBucket()
        for (const name of names) await put(name, name)
      })
      afterAll(() => {
        Bucket = before
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
        await client.send(new DeleteObjectCommand({ Bucket, Key: 'y/ä b' }))
      })

      it('order keys by their UTF-8 bytes', async () => {
        // As UTF-16 the emoji would come before U+FF5E.
        const keys = ['o/Z', 'o/a', 'o/é', 'o/～', 'o/😀']
        for (const key of [...keys].reverse()) await put(key, 'x')
        expect(keysOf(await list({ Prefix: 'o/' }))).toEqual(keys)
      })
    })

    describe('versions', () => {
      let before: string
      beforeAll(async () => {
        before = Bucket
        Bucket = await createBucket()
      })
      afterAll(() => {
        Bucket = before
      })
      const versionsOf = async (Prefix: string, more: object = {}) => {
        const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...more }))
        return {
          page,
          versions: (page.Versions ?? []).map((each) => each.VersionId),
          markers: (page.DeleteMarkers ?? []).map((each) => each.VersionId),
        }
      }
      const remove = (Key: string, VersionId?: string) =>
        client.send(new DeleteObjectCommand({ Bucket, Key, ...(VersionId ? { VersionId } : {}) }))

      it('are off until enabled, and what was there before is the null version', async () => {
        const state = () => client.send(new GetBucketVersioningCommand({ Bucket }))
        expect((await state()).Status).toBeUndefined()
        expect((await put('v/old', 'old')).VersionId).toBeUndefined()
        await setVersioning(Bucket, 'Enabled')
        expect((await state()).Status).toBe('Enabled')
        const { VersionId } = await put('v/old', 'new')
        expect((await versionsOf('v/old')).versions).toEqual([VersionId, 'null'])
        expect(await textOf('v/old', { VersionId: 'null' })).toBe('old')
        expect(await textOf('v/old')).toBe('new')
      })

      it('each keep their bytes and are read by id', async () => {
        const first = await put('v/kept', 'one')
        const second = await put('v/kept', 'two')
        expect(await textOf('v/kept', { VersionId: first.VersionId })).toBe('one')
        expect(await textOf('v/kept', { VersionId: second.VersionId })).toBe('two')
        expect((await get('v/kept')).VersionId).toBe(second.VersionId)
        const { page } = await versionsOf('v/kept')
        expect(page.Versions?.map((each) => each.IsLatest)).toEqual([true, false])
      })

      it('are hidden by a delete marker and return when it is deleted', async () => {
        const { VersionId } = await put('v/marked', 'x')
        const marker = await remove('v/marked')
        expect(marker.DeleteMarker).toBe(true)
        expect(await refusalOf(get('v/marked'))).toBe('404 NoSuchKey')
        expect((await list({ Prefix: 'v/marked' })).KeyCount).toBe(0)
        const listed = await versionsOf('v/marked')
        expect([listed.versions, listed.markers]).toEqual([[VersionId], [marker.VersionId]])
        expect(await textOf('v/marked', { VersionId })).toBe('x')
        await put('v/marked-once', 'x', { IfNoneMatch: '*' })
        await remove('v/marked', marker.VersionId)
        expect(await textOf('v/marked')).toBe('x')
      })

      does('marker-by-id-405')('that are delete markers cannot be read', async () => {
        await put('v/marker', 'x')
        const { VersionId } = await remove('v/marker')
        expect(await refusalOf(get('v/marker', { VersionId }))).toBe('405 MethodNotAllowed')
      })

      it('are removed for good by id; the newest left becomes the latest', async () => {
        const first = await put('v/removed', 'one')
        const second = await put('v/removed', 'two')
        await remove('v/removed', second.VersionId)
        expect(await textOf('v/removed')).toBe('one')
        expect((await versionsOf('v/removed')).versions).toEqual([first.VersionId])
        expect(await refusalOf(get('v/removed', { VersionId: second.VersionId }))).toBe(
          '404 NoSuchVersion',
        )
      })

      it('are copied by id', async () => {
        const first = await put('v/copied', 'one')
        await put('v/copied', 'two')
        const CopySource = `${Bucket}/v/copied?versionId=${encodeURIComponent(first.VersionId!)}`
        await client.send(new CopyObjectCommand({ Bucket, Key: 'v/copied', CopySource }))
        expect(await textOf('v/copied')).toBe('one')
      })

      it('are paged without a gap or a repeat', async () => {
        const ids: (string | undefined)[] = []
        for (const key of ['w/1', 'w/2', 'w/3'])
          for (const body of ['a', 'b', 'c']) ids.push((await put(key, body)).VersionId)
        const seen: (string | undefined)[] = []
        let markers: object | undefined = {}
        while (markers) {
          const { page, versions } = await versionsOf('w/', { MaxKeys: 2, ...markers })
          seen.push(...versions)
          markers = page.IsTruncated
            ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
            : undefined
        }
        expect(seen).toHaveLength(9)
        expect([...seen].sort()).toEqual([...ids].sort())
      })

      does('suspended-null-version')('write one null version while suspended', async () => {
        const kept = await put('v/paused', 'kept')
        await setVersioning(Bucket, 'Suspended')
        expect((await put('v/paused', 'one')).VersionId).toBe('null')
        await put('v/paused', 'two')
        expect((await versionsOf('v/paused')).versions).toEqual(['null', kept.VersionId])
        expect(await textOf('v/paused')).toBe('two')
        expect((await remove('v/paused')).VersionId).toBe('null')
        const listed = await versionsOf('v/paused')
        expect([listed.versions, listed.markers]).toEqual([[kept.VersionId], ['null']])
        expect(await textOf('v/paused', { VersionId: kept.VersionId })).toBe('kept')
        await setVersioning(Bucket, 'Enabled')
      })
    })

    describe('multipart uploads', () => {
      const partBytes = 5 * 1024 * 1024
      const first = randomBytes(partBytes)
      const last = randomBytes(1000)
      const start = async (Key: string, more: object = {}): Promise<string> =>
        (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId!
      const upload = (Key: string, UploadId: string, PartNumber: number, Body: Uint8Array) =>
        client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
      const complete = (
        Key: string,
        UploadId: string,
        etags: readonly (string | undefined)[],
        more: object = {},
      ) => {
        const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
        const MultipartUpload = { Parts }
        return client.send(
          new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...more }),
        )
      }
      const both = async (Key: string, more: object = {}) => {
        const id = await start(Key, more)
        const etags = [
          (await upload(Key, id, 1, first)).ETag,
          (await upload(Key, id, 2, last)).ETag,
        ]
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
        const { Parts } = await client.send(
          new ListPartsCommand({ Bucket, Key: 'listed', UploadId: id }),
        )
        expect(Parts?.map((part) => [part.PartNumber, part.Size, part.ETag])).toEqual([
          [1, partBytes, quoted(md5(first))],
          [2, 1000, quoted(md5(last))],
        ])
      })

      does('aborted-upload-404')('vanish when aborted', async () => {
        const { id, etags } = await both('aborted')
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId: id }))
        expect(await refusalOf(complete('aborted', id, etags))).toBe('404 NoSuchUpload')
        expect(await refusalOf(get('aborted'))).toBe('404 NoSuchKey')
      })

      it('take parts from other objects', async () => {
        await put('part-source', Buffer.concat([Buffer.from('ab'), first]))
        const id = await start('assembled')
        const copied = await client.send(
          new UploadPartCopyCommand({
            Bucket,
            Key: 'assembled',
            UploadId: id,
            PartNumber: 1,
            CopySource: `${Bucket}/part-source`,
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
        expect(await refusalOf(complete('refused', id, [etags[1], etags[0]]))).toBe(
          '400 InvalidPart',
        )
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
  })
}
