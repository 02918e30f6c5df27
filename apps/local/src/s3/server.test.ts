import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { OutgoingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Bench } from './server-bench.ts'
import { makeClient, openBench } from './server-bench.ts'

const Bucket = 'bench'

describe('the server', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await openBench()
  })
  afterAll(() => bench.close())

  interface Answer {
    readonly status: number | undefined
    readonly text: string
    readonly continued: boolean
    readonly headers: Record<string, unknown>
  }
  const ask = (
    method: string,
    path: string,
    headers: OutgoingHttpHeaders = {},
    body = '',
    agent?: Agent,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      let continued = false
      const { port } = bench.server
      const call = request({ port, host: '127.0.0.1', method, path, headers, agent })
      call.on('error', reject)
      call.on('continue', () => {
        continued = true
        call.end(body)
      })
      call.on('response', (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (piece: string) => (text += piece))
        answer.on('end', () =>
          resolve({ status: answer.statusCode, text, continued, headers: answer.headers }),
        )
      })
      if (headers['expect'] === undefined) call.end(body)
      else call.flushHeaders()
    })
  const codeOf = (answer: Answer): string =>
    `${answer.status} ${/<Code>(.*?)<\/Code>/.exec(answer.text)?.[1]}`
  const textOf = async (Key: string): Promise<string> => {
    const found = await bench.client.send(new GetObjectCommand({ Bucket, Key }))
    return found.Body!.transformToString()
  }

  it('answers virtual-host requests', async () => {
    const host = `${Bucket}.localhost:${bench.server.port}`
    await ask('PUT', '/hosted/key', { host, 'content-length': 3 }, 'abc')
    expect(await textOf('hosted/key')).toBe('abc')
    expect((await ask('GET', '/hosted/key', { host })).text).toBe('abc')
  })

  it('serves clients that do not ask for path style', async () => {
    const plain = makeClient(bench.server.url, { forcePathStyle: false })
    await plain.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x' }))
    expect(await textOf('plain')).toBe('x')
    plain.destroy()
  })

  it('writes errors as XML, and none in answers to HEAD', async () => {
    const answer = await ask('GET', `/${Bucket}/no%3Csuch%3E`)
    expect(answer.text).toContain('<Code>NoSuchKey</Code>')
    expect(answer.text).toContain('<Key>no&lt;such&gt;</Key>')
    expect((await ask('HEAD', `/${Bucket}/nothing`)).text).toBe('')
  })

  it('decodes signed chunked bodies', async () => {
    const signature = `chunk-signature=${'0'.repeat(64)}`
    const body = `3;${signature}\r\nabc\r\n2;${signature}\r\nde\r\n0;${signature}\r\n\r\n`
    const headers = {
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': 5,
      'content-length': body.length,
    }
    expect((await ask('PUT', `/${Bucket}/signed`, headers, body)).status).toBe(200)
    expect(await textOf('signed')).toBe('abcde')
    const found = await bench.client.send(new HeadObjectCommand({ Bucket, Key: 'signed' }))
    expect(found.ContentEncoding).toBeUndefined()
  })

  it.each([
    [
      '400 XAmzContentSHA256Mismatch',
      { 'content-length': 1, 'x-amz-content-sha256': '0'.repeat(64) },
    ],
    ['400 InvalidDigest', { 'content-length': 1, 'content-md5': 'short' }],
    ['400 EntityTooLarge', { 'content-length': 6 * 1024 ** 3, expect: '100-continue' }],
    ['411 MissingContentLength', { 'transfer-encoding': 'chunked' }],
    ['400 MetadataTooLarge', { 'content-length': 1, 'x-amz-meta-long': 'x'.repeat(2048) }],
    ['501 NotImplemented', { 'content-length': 1, 'x-amz-tagging': 'a=b' }],
    ['501 NotImplemented', { 'content-length': 1, 'x-amz-object-lock-mode': 'GOVERNANCE' }],
    ['501 NotImplemented', { 'content-length': 1, 'if-none-match': '"etag"' }],
  ])('refuses a PUT with %s', async (code, headers) => {
    const answer = await ask('PUT', `/${Bucket}/refused`, headers, 'x')
    expect(codeOf(answer)).toBe(code)
    expect(codeOf(await ask('GET', `/${Bucket}/refused`))).toBe('404 NoSuchKey')
  })

  it.each([
    ['has fewer bytes than announced', '5\r\nabcde\r\n0\r\n\r\n'],
    ['has more bytes than announced', '7\r\nabcdefg\r\n0\r\n\r\n'],
    ['has no last chunk', '6\r\nabcdef\r\n'],
  ])('refuses a chunked body that %s', async (_, body) => {
    const headers = {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': 6,
      'content-length': body.length,
    }
    const answer = await ask('PUT', `/${Bucket}/short`, headers, body)
    expect(codeOf(answer)).toBe('400 IncompleteBody')
    expect(codeOf(await ask('GET', `/${Bucket}/short`))).toBe('404 NoSuchKey')
  })

  it('answers a body it stops reading half-way, and goes on with the connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const headers = {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': 5,
      'content-length': 1_000_000,
    }
    const broken = await ask('PUT', `/${Bucket}/broken`, headers, 'zz\r\n'.repeat(250_000), agent)
    expect(codeOf(broken)).toBe('400 IncompleteBody')
    const nowhere = await ask('PUT', '/no-such-bucket/k', {}, 'x'.repeat(10_000_000), agent)
    expect(codeOf(nowhere)).toBe('404 NoSuchBucket')
    expect((await ask('GET', '/', {}, '', agent)).status).toBe(200)
    agent.destroy()
  })

  it.each([
    ['501 NotImplemented', 'GET', `/${Bucket}/k?acl`],
    ['501 NotImplemented', 'PUT', `/${Bucket}?notification`],
    ['400 KeyTooLongError', 'GET', `/${Bucket}/${'k'.repeat(1025)}`],
    ['400 InvalidURI', 'GET', `/${Bucket}/%ff`],
    ['400 InvalidBucketName', 'PUT', '/Not_A_Bucket'],
    ['400 InvalidArgument', 'GET', `/${Bucket}?list-type=2&max-keys=x`],
    ['400 InvalidArgument', 'GET', `/${Bucket}?list-type=2&continuation-token=%21`],
    ['404 NoSuchVersion', 'GET', `/${Bucket}/k?versionId=${'v'.repeat(32)}`],
    ['405 MethodNotAllowed', 'PATCH', `/${Bucket}/k`],
  ])('answers %s to %s %s', async (code, method, path) => {
    expect(codeOf(await ask(method, path))).toBe(code)
  })

  it('answers a lost condition before the body is sent', async () => {
    await bench.client.send(new PutObjectCommand({ Bucket, Key: 'taken', Body: 'x' }))
    const headers = { expect: '100-continue', 'content-length': 1, 'if-none-match': '*' }
    const lost = await ask('PUT', `/${Bucket}/taken`, headers, 'y')
    expect([codeOf(lost), lost.continued]).toEqual(['412 PreconditionFailed', false])
    const won = await ask('PUT', `/${Bucket}/free`, headers, 'y')
    expect([won.status, won.continued]).toEqual([200, true])
  })

  it('answers ConditionalRequestConflict when the key is deleted during a conditional write', async () => {
    const Key = 'contested'
    const { ETag } = await bench.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
    const conditions = { 'if-none-match': '*', 'content-length': 2, expect: '100-continue' }
    await bench.client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: ETag }))
    const call = request({
      port: bench.server.port,
      host: '127.0.0.1',
      method: 'PUT',
      path: `/${Bucket}/${Key}`,
      headers: conditions,
    })
    const status = new Promise((resolve, reject) => {
      call.on('error', reject)
      call.on('response', (answer) => resolve(answer.resume().statusCode))
    })
    await new Promise((resolve) => call.once('continue', resolve).flushHeaders())
    await bench.client.send(new PutObjectCommand({ Bucket, Key, Body: 'y' }))
    await bench.client.send(new DeleteObjectCommand({ Bucket, Key }))
    call.end('zz')
    expect(await status).toBe(409)
  })

  it('keeps keys away from the file system', async () => {
    const path = `/${Bucket}/../../../../etc/passwd`
    await ask('PUT', path, { 'content-length': 3 }, 'own')
    expect((await ask('GET', path)).text).toBe('own')
    expect(await textOf('../../../../etc/passwd')).toBe('own')
  })

  it('accepts any credentials', async () => {
    const other = makeClient(bench.server.url, {
      credentials: { accessKeyId: 'someone', secretAccessKey: 'else', sessionToken: 'token' },
    })
    const { Buckets } = await other.send(new ListBucketsCommand({}))
    expect(Buckets?.map((each) => each.Name)).toEqual([Bucket])
    other.destroy()
  })
})
