import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { ObjectRef } from '@silversmith/core'
import { bytesOf, createMemoryClock } from '@silversmith/simulation'
import { describe, expect, test } from 'vitest'
import { createS3Bronze } from './s3-bronze.ts'
import type { Answer, Request, ScriptedServer } from './scripted-server.ts'
import { answerS3Error, dropConnection, withServer } from './scripted-server.ts'

const object: ObjectRef = { bucket: 'bronze', key: 'a b/ä.jsonl', version: 'e1', versioned: false }
const pinned: ObjectRef = { ...object, version: 'v1', versioned: true }
const bytes = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff)
const idle = new AbortController().signal

const bronzeOf = ({ clients }: ScriptedServer, stallMs = 5_000) =>
  createS3Bronze({ client: clients.s3, clock: createMemoryClock(), attemptsMax: 3, stallMs })

const startOf = ({ headers }: Request): number =>
  Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)

/** Head of a right answer to a GET with or without a Range. */
const begin = (
  request: Request,
  response: ServerResponse,
  whole = bytes,
  headers: Record<string, string> = {},
): Uint8Array => {
  const from = startOf(request)
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    'content-length': whole.length - from,
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    etag: '"e1"',
    // Of a body the SDK would check itself, and no longer hand on as it comes.
    'x-amz-checksum-crc32': 'AAAAAA==',
    ...(request.headers.range === undefined
      ? {}
      : { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` }),
    ...headers,
  })
  return whole.subarray(from)
}

/** Sends so many bytes, then has them flushed before `then`. */
const sendPart = (response: ServerResponse, part: Uint8Array, then: () => void): void =>
  void response.write(part, () => setImmediate(then))

const cutAfter =
  (count: number, cut: (response: ServerResponse) => void): Answer =>
  (request, response) => {
    const rest = begin(request, response)
    sendPart(response, rest.subarray(0, count), () => cut(response))
  }
const answerWhole: Answer = (request, response) => void response.end(begin(request, response))

const cuts: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ['reset', dropConnection],
  ['closed before its Content-Length', (response) => response.socket?.end()],
  ['silent', () => {}],
]

describe('a body from S3', () => {
  for (const [name, cut] of cuts)
    test(`whose connection is ${name} goes on from the byte reached`, async () => {
      const answer: Answer = (request, response) =>
        request.n < 3 ? cutAfter(70_000, cut)(request, response) : answerWhole(request, response)
      await withServer(answer, async (server) => {
        const opened = await bronzeOf(server, 200).open(pinned, idle)
        expect(opened.sizeBytes).toBe(bytes.length)
        expect(Buffer.from(await bytesOf(opened)).equals(bytes)).toBe(true)
        expect(server.requests.map(startOf)).toEqual([0, 70_000, 140_000])
        expect(server.requests.map(({ query }) => query.get('versionId'))).toEqual([
          'v1',
          'v1',
          'v1',
        ])
      })
    })

  test('goes on when the rest ends cleanly before the end of the object', async () => {
    const answer: Answer = (request, response) => {
      if (request.n === 1) return cutAfter(70_000, dropConnection)(request, response)
      const rest = begin(request, response, bytes, request.n === 2 ? { 'content-length': '9' } : {})
      response.end(request.n === 2 ? rest.subarray(0, 9) : rest)
    }
    await withServer(answer, async (server) => {
      const opened = await bronzeOf(server).open(object, idle)
      expect(Buffer.from(await bytesOf(opened)).equals(bytes)).toBe(true)
      expect(server.requests.map(startOf)).toEqual([0, 70_000, 70_009])
    })
  })

  test('is unavailable, never short, when every connection is cut', async () => {
    await withServer(cutAfter(10, dropConnection), async (server) => {
      const opened = await bronzeOf(server).open(object, idle)
      await expect(bytesOf(opened)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining(`byte 30 of ${bytes.length} after 3 connections`),
      })
      expect(server.requests.map(({ headers }) => headers['if-match'])).toEqual(
        Array.from({ length: 3 }, () => '"e1"'),
      )
    })
  })

  test('is gone when its version id is none of the store: no repetition will find it', async () => {
    const answer: Answer = (_, response) => answerS3Error(response, 400, 'InvalidArgument')
    await withServer(answer, async (server) => {
      await expect(bronzeOf(server).open(pinned, idle)).rejects.toMatchObject({
        code: 'OBJECT_GONE',
        message: expect.stringContaining('has no version v1'),
      })
    })
  })

  for (const [status, code] of [
    [412, 'PreconditionFailed'],
    [404, 'NoSuchKey'],
  ] as const)
    test(`is gone when the object is replaced or deleted meanwhile (${status})`, async () => {
      const answer: Answer = (request, response) =>
        request.n === 1
          ? cutAfter(10, dropConnection)(request, response)
          : answerS3Error(response, status, code)
      await withServer(answer, async (server) => {
        const opened = await bronzeOf(server).open(object, idle)
        await expect(bytesOf(opened)).rejects.toMatchObject({ code: 'OBJECT_GONE' })
      })
    })

  test('outlives throttles while it is resumed', async () => {
    const answer: Answer = (request, response) => {
      if (request.n === 1) return cutAfter(10, dropConnection)(request, response)
      if (request.n <= 3) return answerS3Error(response, 503, 'SlowDown')
      return answerWhole(request, response)
    }
    await withServer(answer, async (server) => {
      const opened = await bronzeOf(server).open(object, idle)
      expect(Buffer.from(await bytesOf(opened)).equals(bytes)).toBe(true)
    })
  })

  test('never takes bytes from another place for the rest', async () => {
    const answer: Answer = (request, response) => {
      if (request.n === 1) return cutAfter(10, dropConnection)(request, response)
      response.writeHead(206, {
        'content-length': bytes.length - 10,
        'content-range': `bytes 0-${bytes.length - 11}/${bytes.length}`,
        etag: '"e1"',
      })
      response.end(bytes.subarray(0, -10))
    }
    await withServer(answer, async (server) => {
      const opened = await bronzeOf(server).open(object, idle)
      await expect(bytesOf(opened)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    })
  })

  test('arrives compressed as it is stored', async () => {
    const zipped = gzipSync('hello')
    const answer: Answer = (request, response) =>
      void response.end(begin(request, response, zipped, { 'content-encoding': 'gzip' }))
    await withServer(answer, async (server) => {
      const opened = await bronzeOf(server).open(object, idle)
      expect(opened).toMatchObject({
        sizeBytes: zipped.length,
        contentEncoding: 'gzip',
        lastModified: Date.UTC(2026, 0, 1),
      })
      expect(Buffer.from(await bytesOf(opened)).equals(zipped)).toBe(true)
    })
  })

  test('leaves its connection to the next one when it was read whole', async () => {
    await withServer(answerWhole, async (server) => {
      for (let n = 0; n < 5; n += 1) await bytesOf(await bronzeOf(server).open(object, idle))
      expect(server.connections).toBe(1)
    })
  })

  const closesOf = (): { answer: Answer; closed: Promise<void> } => {
    let close = (): void => {}
    const closed = new Promise<void>((resolve) => (close = resolve))
    const answer: Answer = (request, response) => {
      response.on('close', () => close())
      const rest = begin(request, response)
      response.write(rest.subarray(0, 100_000))
    }
    return { answer, closed }
  }

  test('closes its connection when the iteration is left', async () => {
    const { answer, closed } = closesOf()
    await withServer(answer, async (server) => {
      const { body } = await bronzeOf(server).open(object, idle)
      const first = body[Symbol.asyncIterator]()
      expect((await first.next()).done).toBe(false)
      await first.return?.()
      await closed
      expect(server.requests).toHaveLength(1)
    })
  })

  test('closes its connection when it is ended unread', async () => {
    const { answer, closed } = closesOf()
    await withServer(answer, async (server) => {
      const { body } = await bronzeOf(server).open(object, idle)
      await body[Symbol.asyncIterator]().return?.()
      await closed
      expect(() => body[Symbol.asyncIterator]()).toThrow('read once')
    })
  })

  test('ends with a fault and closes when the caller gives up', async () => {
    const { answer, closed } = closesOf()
    await withServer(answer, async (server) => {
      const caller = new AbortController()
      const opened = await bronzeOf(server).open(object, caller.signal)
      const chunks = opened.body[Symbol.asyncIterator]()
      await chunks.next()
      caller.abort()
      const rest = async () => {
        while (!(await chunks.next()).done);
      }
      await expect(rest()).rejects.toMatchObject({ code: 'DEADLINE_REACHED' })
      await closed
      expect(server.requests).toHaveLength(1)
    })
  })
})

const refusals: readonly (readonly [number, string, string, RegExp])[] = [
  [404, 'NoSuchKey', 'OBJECT_GONE', /ä\.jsonl/],
  [404, 'NoSuchVersion', 'OBJECT_GONE', /ä\.jsonl/],
  [405, 'MethodNotAllowed', 'OBJECT_GONE', /ä\.jsonl/],
  [412, 'PreconditionFailed', 'OBJECT_GONE', /ä\.jsonl/],
  [404, 'NoSuchBucket', 'STORE_DENIED', /create the bucket/],
  [403, 'AccessDenied', 'STORE_DENIED', /may not exist: without s3:ListBucket.*policy/],
  [403, 'InvalidObjectState', 'STORE_DENIED', /archived: restore it/],
  [400, 'ExpiredToken', 'STORE_DENIED', /valid credentials/],
  [301, 'PermanentRedirect', 'STORE_DENIED', /region/],
  [400, 'SomethingNew', 'STORE_DENIED', /SomethingNew.*HTTP 400/],
  [400, 'RequestTimeout', 'STORE_UNAVAILABLE', /reading s3:\/\/bronze\/a b\/ä\.jsonl/],
  [500, 'InternalError', 'STORE_UNAVAILABLE', /HTTP 500/],
  [503, 'SlowDown', 'STORE_UNAVAILABLE', /SlowDown/],
]

describe('an answer of S3', () => {
  for (const [status, name, code, message] of refusals)
    test(`${status} ${name} becomes ${code}`, async () => {
      const answer: Answer = (_, response) => answerS3Error(response, status, name)
      await withServer(answer, async (server) => {
        await expect(bronzeOf(server).open(pinned, idle)).rejects.toMatchObject({
          code,
          message: expect.stringMatching(message),
        })
      })
    })

  test('that is another object than the one asked for is gone', async () => {
    await withServer(answerWhole, async (server) => {
      await expect(bronzeOf(server).open({ ...object, version: 'e0' }, idle)).rejects.toMatchObject(
        { code: 'OBJECT_GONE' },
      )
    })
  })

  test('that never comes is unavailable', async () => {
    await withServer(
      () => {},
      async (server) => {
        await expect(bronzeOf(server).open(object, idle)).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
        })
      },
      { requestTimeoutMs: 60 },
    )
  })

  test('that nobody is there to give is unavailable', async () => {
    await withServer(
      (_, response) => dropConnection(response),
      async (server) => {
        await expect(bronzeOf(server).open(object, idle)).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
        })
        expect(server.requests).toHaveLength(2)
      },
    )
  })
})
