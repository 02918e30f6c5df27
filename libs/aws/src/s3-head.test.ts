import { describe, expect, test } from 'vitest'
import { createS3Bronze } from './s3-bronze.ts'
import type { Answer } from './scripted-server.ts'
import { answerS3Error, withServer } from './scripted-server.ts'

const idle = new AbortController().signal

const answerHead =
  (headers: Record<string, string>): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-length': '7', etag: '"e1"', ...headers })
    response.end()
  }

describe('looking an object up', () => {
  for (const [state, headers, version] of [
    ['a bucket without versions', {}, { version: 'e1', versioned: false }],
    ['a versioned bucket', { 'x-amz-version-id': 'v9' }, { version: 'v9', versioned: true }],
    ['a suspended bucket', { 'x-amz-version-id': 'null' }, { version: 'e1', versioned: false }],
  ] as const)
    test(`in ${state} tells its identity and size`, async () => {
      await withServer(answerHead(headers), async ({ clients }) => {
        const bronze = createS3Bronze({ client: clients.s3 })
        expect(await bronze.head('bronze', 'k', idle)).toEqual({
          bucket: 'bronze',
          key: 'k',
          sizeBytes: 7,
          ...version,
        })
      })
    })

  for (const [name, status, bucketStatus, code, message] of [
    ['a missing key says gone', 404, 200, 'OBJECT_GONE', /s3:\/\/bronze\/k/],
    ['a missing bucket says so', 404, 404, 'STORE_DENIED', /no bucket bronze; create it/],
    ['a missing key of a closed bucket says gone', 404, 403, 'OBJECT_GONE', /bronze\/k/],
    ['a refusal names both reasons', 403, 200, 'STORE_DENIED', /may not exist.*policy/],
  ] as const)
    test(name, async () => {
      const answer: Answer = ({ path }, response) => {
        const isBucket = path.replace(/\/$/, '') === '/bronze'
        answerS3Error(response, isBucket ? bucketStatus : status, 'unseen')
      }
      await withServer(answer, async ({ clients }) => {
        const bronze = createS3Bronze({ client: clients.s3 })
        await expect(bronze.head('bronze', 'k', idle)).rejects.toMatchObject({
          code,
          message: expect.stringMatching(message),
        })
      })
    })
})
