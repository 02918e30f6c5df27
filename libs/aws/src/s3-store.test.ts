import { createHash } from 'node:crypto'
import { createMemoryClock } from '@silversmith/simulation'
import { describe, expect, test } from 'vitest'
import { createS3Store } from './s3-store.ts'
import type { Answer, Request, ScriptedServer } from './scripted-server.ts'
import { answerS3Error, answerXml, dropConnection, withServer } from './scripted-server.ts'

const bytes = new TextEncoder().encode('staged bytes')
const digest = createHash('sha256').update(bytes).digest()
const sha256 = digest.toString('hex')
const other = '0'.repeat(64)
const file = { sha256, contentType: 'application/x-parquet' }
const idle = new AbortController().signal

const storeOf = ({ clients }: ScriptedServer, settings = {}) =>
  createS3Store({
    client: clients.s3,
    bucket: 'ours',
    clock: createMemoryClock(),
    attemptsMax: 3,
    ...settings,
  })

const answerHead =
  (found: string | undefined, sizeBytes = 12): Answer =>
  (_, response) => {
    response.writeHead(200, {
      'content-length': sizeBytes,
      ...(found === undefined ? {} : { 'x-amz-meta-sha256': found }),
    })
    response.end()
  }
const answerOk: Answer = (_, response) => void response.end()
const refuse =
  (status: number, code: string): Answer =>
  (_, response) =>
    answerS3Error(response, status, code)

/** Each method's answers, in turn; the last is repeated. */
const byMethod = (script: Readonly<Record<string, readonly Answer[]>>): Answer => {
  const seen: Record<string, number> = {}
  return (request, response) => {
    const answers = script[request.method] ?? []
    const at = (seen[request.method] ??= 0)
    seen[request.method] = at + 1
    const answer = answers[Math.min(at, answers.length - 1)]
    if (!answer) throw new Error(`no answer for ${request.method}`)
    return answer(request, response)
  }
}
const methodsOf = (requests: readonly Request[]) => requests.map(({ method }) => method)

describe('creating a file', () => {
  test('says create only, and which bytes it means', async () => {
    await withServer(byMethod({ PUT: [answerOk] }), async (server) => {
      await storeOf(server).write('a/b c.parquet', bytes, file, idle)
      const [request] = server.requests
      expect(request?.path).toBe('/ours/a/b c.parquet')
      expect(request?.body.equals(bytes)).toBe(true)
      expect(request?.headers).toMatchObject({
        'if-none-match': '*',
        'x-amz-meta-sha256': sha256,
        'x-amz-checksum-sha256': digest.toString('base64'),
        'content-type': 'application/x-parquet',
      })
    })
  })

  for (const [name, found, outcome] of [
    ['with the same sha256 succeeds', sha256, undefined],
    ['with another sha256 is a conflict', other, 'STORE_CONFLICT'],
    ['of a stranger is a conflict', undefined, 'STORE_CONFLICT'],
  ] as const)
    test(`over a file ${name}`, async () => {
      const script = { PUT: [refuse(412, 'PreconditionFailed')], HEAD: [answerHead(found)] }
      await withServer(byMethod(script), async (server) => {
        const written = storeOf(server).write('k', bytes, file, idle)
        if (outcome) await expect(written).rejects.toMatchObject({ code: outcome })
        else await written
        expect(methodsOf(server.requests)).toEqual(['PUT', 'HEAD'])
      })
    })

  test('succeeds when the answer was lost after it landed', async () => {
    let landed: Buffer | undefined
    const put: Answer = (request, response) => {
      if (landed) return answerS3Error(response, 412, 'PreconditionFailed')
      landed = request.body
      dropConnection(response)
    }
    await withServer(byMethod({ PUT: [put], HEAD: [answerHead(sha256)] }), async (server) => {
      await storeOf(server).write('k', bytes, file, idle)
      expect(landed?.equals(bytes)).toBe(true)
    })
  })

  test('tries again when another writer is under way, so often and no more', async () => {
    const busy = refuse(409, 'ConditionalRequestConflict')
    await withServer(byMethod({ PUT: [busy, busy, answerOk] }), async (server) => {
      await storeOf(server).write('k', bytes, file, idle)
      expect(server.requests).toHaveLength(3)
    })
    await withServer(byMethod({ PUT: [busy] }), async (server) => {
      await expect(storeOf(server).write('k', bytes, file, idle)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
      expect(server.requests).toHaveLength(3)
    })
  })

  for (const name of ['BadDigest', 'XAmzContentSHA256Mismatch'])
    test(`sends bytes again that were damaged on the way (${name}), so often and no more`, async () => {
      const damaged = refuse(400, name)
      await withServer(byMethod({ PUT: [damaged, damaged, answerOk] }), async (server) => {
        await storeOf(server).write('k', bytes, file, idle)
        expect(server.requests.map(({ body }) => body.equals(bytes))).toEqual([true, true, true])
      })
      await withServer(byMethod({ PUT: [damaged] }), async (server) => {
        await expect(storeOf(server).write('k', bytes, file, idle)).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringMatching(/s3:\/\/ours\/k .* 3 tries.*sha256/),
        })
        expect(server.requests).toHaveLength(3)
      })
    })

  test('ends when the caller gives up between two tries', async () => {
    const caller = new AbortController()
    const clock = { now: () => 0, sleep: async () => caller.abort() }
    await withServer(refuse(409, 'ConditionalRequestConflict'), async (server) => {
      const written = storeOf(server, { clock }).write('k', bytes, file, caller.signal)
      await expect(written).rejects.toMatchObject({ code: 'DEADLINE_REACHED' })
      expect(server.requests).toHaveLength(1)
    })
  })

  test('tries again when the file in the way is gone', async () => {
    const script = {
      PUT: [refuse(412, 'PreconditionFailed'), answerOk],
      HEAD: [refuse(404, 'NoSuchKey')],
    }
    await withServer(byMethod(script), async (server) => {
      await storeOf(server).write('k', bytes, file, idle)
      expect(methodsOf(server.requests)).toEqual(['PUT', 'HEAD', 'PUT'])
    })
  })

  for (const [status, name, code, message] of [
    [503, 'SlowDown', 'STORE_UNAVAILABLE', /SlowDown/],
    [500, 'InternalError', 'STORE_UNAVAILABLE', /writing s3:\/\/ours\/k/],
    [403, 'AccessDenied', 'STORE_DENIED', /policy/],
    [404, 'NoSuchBucket', 'STORE_DENIED', /create the bucket/],
    [400, 'ExpiredToken', 'STORE_DENIED', /credentials/],
  ] as const)
    test(`fails as ${code} when S3 says ${name}`, async () => {
      await withServer(refuse(status, name), async (server) => {
        await expect(storeOf(server).write('k', bytes, file, idle)).rejects.toMatchObject({
          code,
          message: expect.stringMatching(message),
        })
      })
    })

  test('gives up when the answer never comes', async () => {
    await withServer(
      () => {},
      async (server) => {
        const store = storeOf(server, { transferTimeoutMs: 60 })
        await expect(store.write('k', bytes, file, idle)).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
        })
      },
    )
  })
})

describe('copying a file', () => {
  const copied: Answer = (_, response) =>
    answerXml(response, '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>')

  test('creates only, with the facts of the file', async () => {
    const script = { HEAD: [answerHead(sha256)], PUT: [copied] }
    await withServer(byMethod(script), async (server) => {
      await storeOf(server).copy('from a+b/ä', 'to', file, idle)
      expect(server.requests.at(-1)?.headers).toMatchObject({
        'if-none-match': '*',
        'x-amz-copy-source': 'ours/from%20a%2Bb/%C3%A4',
        'x-amz-metadata-directive': 'REPLACE',
        'x-amz-meta-sha256': sha256,
        'content-type': 'application/x-parquet',
      })
    })
  })

  test('goes on after an error that comes in a 200 answer', async () => {
    const failed: Answer = (_, response) =>
      answerXml(response, '<Error><Code>InternalError</Code><Message>m</Message></Error>')
    const script = { HEAD: [answerHead(sha256)], PUT: [failed, copied] }
    await withServer(byMethod(script), async (server) => {
      await storeOf(server).copy('from', 'to', file, idle)
      expect(methodsOf(server.requests)).toEqual(['HEAD', 'PUT', 'PUT'])
    })
  })

  for (const [name, target, bucket, outcome] of [
    ['is done when its target is there', answerHead(sha256), answerOk, undefined],
    ['is gone when its target is another', answerHead(other), answerOk, 'OBJECT_GONE'],
    ['is refused when there is no bucket', refuse(404, 'x'), refuse(404, 'x'), 'STORE_DENIED'],
  ] as const)
    test(`without a source ${name}`, async () => {
      const answers: Readonly<Record<string, Answer>> = { '/ours/to': target, '/ours/': bucket }
      const head: Answer = (request, response) =>
        (answers[request.path] ?? refuse(404, 'x'))(request, response)
      await withServer(head, async (server) => {
        const copy = storeOf(server).copy('from', 'to', file, idle)
        if (outcome) await expect(copy).rejects.toMatchObject({ code: outcome })
        else await copy
      })
    })

  for (const [name, head, code] of [
    ['other bytes', answerHead(other), 'OBJECT_UNREADABLE'],
    ['over 5 GiB', answerHead(sha256, 5 * 1024 ** 3 + 1), 'STORE_DENIED'],
  ] as const)
    test(`refuses a source of ${name} before anything is made`, async () => {
      await withServer(byMethod({ HEAD: [head] }), async (server) => {
        await expect(storeOf(server).copy('from', 'to', file, idle)).rejects.toMatchObject({ code })
        expect(methodsOf(server.requests)).toEqual(['HEAD'])
      })
    })
})
