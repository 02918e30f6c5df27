import type { Clock, ObjectRef } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { partsOf } from './s3-multipart-copy.ts'
import { createS3Replicator } from './s3-replicator.ts'
import type { Answer, ScriptedServer } from './scripted-server.ts'
import { answerS3Error, answerXml, withServer } from './scripted-server.ts'

const gib = 1024 ** 3
const { signal } = new AbortController()
const clock: Clock = { now: () => 0, sleep: () => Promise.resolve() }
const origin: ObjectRef = { bucket: 'b', key: 'own', version: 'v1', versioned: true }
const order = { key: '_replay/own', generation: 0 }

describe('003-14: parts of a copy', () => {
  const sizes = [5 * gib + 1, 6 * gib, 100 * gib, 5 * 1024 * gib, 48 * 1024 * gib]
  test.each(sizes)(
    'of %i bytes follow each other and are no more and no larger than S3 takes',
    (size) => {
      const parts = partsOf(size, 512 * 1024 ** 2)
      expect(parts.length).toBeLessThanOrEqual(10_000)
      expect(parts[0]?.start).toBe(0)
      expect(parts.at(-1)?.end).toBe(size)
      parts.forEach(({ start, end }, n) => {
        if (n > 0) expect(start).toBe(parts[n - 1]?.end)
        expect(end - start).toBeLessThanOrEqual(5 * gib)
        if (n < parts.length - 1) expect(end - start).toBeGreaterThanOrEqual(5 * 1024 ** 2)
      })
    },
  )
})

/** S3 as far as copies go: `sizeBytes` of origin and copy, and its answer to what is copied. */
const s3With = (
  sizeBytes: { readonly origin: number; readonly copy: number },
  copy: Answer,
): Answer => {
  let isMade = false
  return (request, response) => {
    const { method, path, query } = request
    if (method !== 'HEAD') {
      isMade ||= method === 'PUT' && !query.has('partNumber')
      return copy(request, response)
    }
    const isCopy = path.endsWith('/_replay/own')
    if (isCopy && !isMade) return void response.writeHead(404).end()
    response.writeHead(200, {
      'content-length': isCopy ? sizeBytes.copy : sizeBytes.origin,
      'last-modified': 'Wed, 11 Feb 2026 14:05:02 GMT',
      etag: isCopy ? '"e2"' : '"e1"',
      'x-amz-version-id': query.get('versionId') ?? 'v2',
    })
    response.end()
  }
}

const copyTo = ({ clients }: ScriptedServer, settings = {}) =>
  createS3Replicator({ client: clients.s3, clock, ...settings }).copy(origin, order, signal)

describe('a copy', () => {
  test('that has other bytes than its origin is told, and left for a person', async () => {
    const copy: Answer = (_, response) =>
      answerXml(response, '<CopyObjectResult><ETag>"e2"</ETag></CopyObjectResult>')
    for (const sizes of [
      { origin: 7, copy: 6 },
      { origin: 7, copy: 7 },
    ])
      await withServer(s3With(sizes, copy), async (server) => {
        await expect(copyTo(server)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
        const put = server.requests.find(({ method }) => method === 'PUT')
        expect(put?.headers).toMatchObject({
          'if-none-match': '*',
          'x-amz-copy-source': 'b/own?versionId=v1',
          'x-amz-copy-source-if-match': '"e1"',
          'x-amz-metadata-directive': 'REPLACE',
        })
        expect(server.requests.some(({ method }) => method === 'DELETE')).toBe(false)
      })
  })

  test('in parts that fails is nowhere: its parts are deleted, and no more are made', async () => {
    const begun = 'InitiateMultipartUploadResult'
    const copy: Answer = ({ method, query }, response) => {
      if (method === 'POST' && query.has('uploads'))
        return answerXml(response, `<${begun}><UploadId>u</UploadId></${begun}>`)
      if (method === 'DELETE') return void response.writeHead(204).end()
      if (query.get('partNumber') === '2') return answerS3Error(response, 403, 'AccessDenied')
      return answerXml(response, '<CopyPartResult><ETag>"aa"</ETag></CopyPartResult>')
    }
    await withServer(s3With({ origin: 1_000, copy: 0 }, copy), async (server) => {
      const work = copyTo(server, { singleBytesMax: 10, partBytes: 10 })
      await expect(work).rejects.toMatchObject({ code: 'STORE_DENIED' })
      const asked = server.requests.map(({ method, query }) => `${method} ${query.get('uploadId')}`)
      expect(asked.at(-1)).toBe('DELETE u')
      expect(asked).not.toContain('POST u')
      expect(server.requests.length).toBeLessThan(50)
    })
  })

  test('that S3 throttles is tried by who asked for it', async () => {
    const copy: Answer = (_, response) => answerS3Error(response, 503, 'SlowDown')
    await withServer(s3With({ origin: 7, copy: 7 }, copy), async (server) => {
      await expect(copyTo(server)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    })
  })
})
