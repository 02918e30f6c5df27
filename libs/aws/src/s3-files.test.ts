import { createHash } from 'node:crypto'
import { createMemoryClock } from '@silversmith/simulation'
import { describe, expect, test } from 'vitest'
import { createS3Store } from './s3-store.ts'
import type { Answer, Request, ScriptedServer } from './scripted-server.ts'
import { answerS3Error, answerXml, dropConnection, withServer } from './scripted-server.ts'

const bytes = new TextEncoder().encode('staged bytes')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const idle = new AbortController().signal

const storeOf = ({ clients }: ScriptedServer, settings = {}) =>
  createS3Store({
    client: clients.s3,
    bucket: 'ours',
    clock: createMemoryClock(),
    attemptsMax: 3,
    ...settings,
  })

describe('reading a file', () => {
  const get: Answer = (request, response) => {
    const from = request.headers.range === undefined ? 0 : 4
    response.writeHead(from === 0 ? 200 : 206, {
      'content-length': bytes.length - from,
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      etag: '"e"',
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    })
    if (from > 0) return void response.end(bytes.subarray(from))
    response.write(bytes.subarray(0, 4), () => setImmediate(() => dropConnection(response)))
  }

  test('goes on after a reset, on the same bytes', async () => {
    await withServer(get, async (server) => {
      expect(await storeOf(server).read('k', sha256, idle)).toEqual(bytes)
      expect(server.requests.map(({ headers }) => headers['if-match'])).toEqual([undefined, '"e"'])
    })
  })

  test('refuses bytes of another sha256, and more bytes than it may hold', async () => {
    await withServer(get, async (server) => {
      await expect(storeOf(server).read('k', '0'.repeat(64), idle)).rejects.toMatchObject({
        code: 'OBJECT_UNREADABLE',
      })
      await expect(
        storeOf(server, { readBytesMax: 11 }).read('k', sha256, idle),
      ).rejects.toMatchObject({ code: 'STORE_DENIED' })
    })
  })
})

describe('removing files', () => {
  const keys = Array.from({ length: 2_500 }, (_, n) => `k${n}`)
  const keysOf = ({ body }: Request): readonly string[] =>
    [...body.toString().matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key ?? '')
  const answerErrors = (errors: readonly (readonly [string, string])[]): Answer =>
    function answerDelete(_, response) {
      const list = errors.map(
        ([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>m</Message></Error>`,
      )
      answerXml(response, `<DeleteResult>${list.join('')}</DeleteResult>`)
    }

  test('names every key once, a thousand a call', async () => {
    await withServer(answerErrors([]), async (server) => {
      await storeOf(server).remove(keys, idle)
      expect(server.requests.map((request) => keysOf(request).length)).toEqual([1000, 1000, 500])
      expect(server.requests.flatMap(keysOf)).toEqual(keys)
    })
  })

  test('tries again only the keys that failed', async () => {
    const first = answerErrors([
      ['k1', 'InternalError'],
      ['k3', 'SlowDown'],
      ['k4', 'NoSuchKey'],
    ])
    const answer: Answer = (request, response) =>
      (request.n === 1 ? first : answerErrors([]))(request, response)
    await withServer(answer, async (server) => {
      await storeOf(server).remove(keys.slice(0, 6), idle)
      expect(server.requests.map(keysOf)).toEqual([keys.slice(0, 6), ['k1', 'k3']])
    })
  })

  for (const [name, code, message] of [
    ['AccessDenied', 'STORE_DENIED', /s3:\/\/ours\/k1 .*policy/],
    ['InternalError', 'STORE_UNAVAILABLE', /1 files.*s3:\/\/ours\/k1/],
  ] as const)
    test(`fails as ${code} when a key stays with ${name}`, async () => {
      await withServer(answerErrors([['k1', name]]), async (server) => {
        await expect(storeOf(server).remove(keys.slice(0, 6), idle)).rejects.toMatchObject({
          code,
          message: expect.stringMatching(message),
        })
      })
    })

  test('gives up when an answer begins and never ends', async () => {
    const answer: Answer = (_, response) => void response.write('<?xml version="1.0"?><Delete')
    await withServer(answer, async (server) => {
      const store = storeOf(server, { callTimeoutMs: 80 })
      await expect(store.remove(['k'], idle)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    })
  })
})

describe('listing files', () => {
  const pageOf = (keys: readonly string[], next?: string): string =>
    `<ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('')}` +
    `${next ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>` : ''}` +
    '</ListBucketResult>'
  const collect = async (keys: AsyncIterable<string>): Promise<readonly string[]> => {
    const found: string[] = []
    for await (const key of keys) found.push(key)
    return found
  }

  test('follows the pages, throttled or not', async () => {
    const answer: Answer = ({ query, n }, response) => {
      if (n === 2) return answerS3Error(response, 503, 'SlowDown')
      answerXml(response, query.get('continuation-token') ? pageOf(['p/c']) : pageOf(['p/a'], 't'))
    }
    await withServer(answer, async (server) => {
      expect(await collect(storeOf(server).list('p/', idle))).toEqual(['p/a', 'p/c'])
      expect(server.requests.map(({ query }) => query.get('prefix'))).toEqual(['p/', 'p/', 'p/'])
    })
  })

  test('asks S3 for what comes after a key, page after page', async () => {
    const answer: Answer = ({ query }, response) =>
      answerXml(response, query.get('continuation-token') ? pageOf(['p/d']) : pageOf(['p/c'], 't'))
    await withServer(answer, async (server) => {
      expect(await collect(storeOf(server).list('p/', idle, 'p/b'))).toEqual(['p/c', 'p/d'])
      const [first, second] = server.requests.map(({ query }) => query)
      expect(first?.get('start-after')).toBe('p/b')
      expect([second?.get('start-after'), second?.get('continuation-token')]).toEqual([null, 't'])
    })
  })

  test('fails rather than end early', async () => {
    const answer: Answer = ({ query }, response) =>
      query.get('continuation-token')
        ? answerS3Error(response, 403, 'AccessDenied')
        : answerXml(response, pageOf(['p/a'], 't'))
    await withServer(answer, async (server) => {
      await expect(collect(storeOf(server).list('p/', idle))).rejects.toMatchObject({
        code: 'STORE_DENIED',
        message: expect.stringContaining('listing s3://ours/p/'),
      })
    })
  })
})
