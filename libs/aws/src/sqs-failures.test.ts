import type { ServerResponse } from 'node:http'
import { createHash } from 'node:crypto'
import { createMemoryClock } from '@silversmith/simulation'
import { describe, expect, test } from 'vitest'
import type { Answer, Request, ScriptedServer } from './scripted-server.ts'
import { answerJson, dropConnection, withServer } from './scripted-server.ts'
import { createSqsQueue } from './sqs-queue.ts'

/** Long enough for every call that may be made at once to be seen open. */
const holdMs = 50

interface SentEntry {
  readonly Id: string
  readonly MessageBody: string
}
type Refusal = { readonly Code: string; readonly SenderFault: boolean } | 'unmentioned'

const entriesOf = ({ body }: Request): readonly SentEntry[] =>
  (JSON.parse(body.toString()) as { Entries: readonly SentEntry[] }).Entries
const bodiesOf = (request: Request): readonly string[] =>
  entriesOf(request).map(({ MessageBody }) => MessageBody)

/** Confirms every entry but those `refuse` speaks of. */
const answerEntries = (
  request: Request,
  response: ServerResponse,
  refuse: (body: string) => Refusal | undefined = () => undefined,
): void => {
  const entries = entriesOf(request).map((entry) => ({
    ...entry,
    refusal: refuse(entry.MessageBody),
  }))
  answerJson(response, 200, {
    Successful: entries
      .filter(({ refusal }) => !refusal)
      .map(({ Id, MessageBody }) => ({
        Id,
        MessageId: `m${Id}`,
        MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
      })),
    Failed: entries.flatMap(({ Id, refusal }) =>
      typeof refusal === 'object' ? [{ Id, Message: 'm', ...refusal }] : [],
    ),
  })
}

const answerError = (response: ServerResponse, status: number, type: string): void =>
  answerJson(response, status, { __type: `com.amazonaws.sqs#${type}`, message: 'm' })

const queueOf = ({ clients, url }: ScriptedServer, settings = {}) =>
  createSqsQueue({
    client: clients.sqs,
    queueUrl: `${url}/1/objects`,
    clock: createMemoryClock(),
    attemptsMax: 3,
    ...settings,
  })

/** `ok`, or the code of the fault, of each send. */
const outcomesOf = async (sends: readonly Promise<void>[]): Promise<readonly string[]> =>
  (await Promise.allSettled(sends)).map((outcome) =>
    outcome.status === 'fulfilled' ? 'ok' : String((outcome.reason as { code?: string }).code),
  )

describe('sends made at once', () => {
  test('share calls of ten, each message once', async () => {
    await withServer(answerEntries, async (server) => {
      const queue = queueOf(server)
      const bodies = Array.from({ length: 25 }, (_, n) => `b${n} 😀`)
      await Promise.all(bodies.map((body) => queue.send(body)))
      expect(server.requests.map((request) => entriesOf(request).length)).toEqual([10, 10, 5])
      expect(server.requests.flatMap(bodiesOf).sort()).toEqual([...bodies].sort())
    })
  })

  test('never make a call of over 1 MiB', async () => {
    await withServer(answerEntries, async (server) => {
      const queue = queueOf(server)
      const bodies = Array.from({ length: 7 }, (_, n) => `${n}${'ä'.repeat(200_000)}`)
      await Promise.all(bodies.map((body) => queue.send(body)))
      const sizes = server.requests.map((request) => Buffer.byteLength(bodiesOf(request).join('')))
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024)
      expect(server.requests.map((request) => entriesOf(request).length).sort()).toEqual([
        1, 2, 2, 2,
      ])
    })
  })

  test('wait for a free call, and are refused when too many wait', async () => {
    let open = 0
    let openMost = 0
    const answer: Answer = async (request, response) => {
      open += 1
      openMost = Math.max(openMost, open)
      await new Promise((resolve) => setTimeout(resolve, holdMs))
      open -= 1
      answerEntries(request, response)
    }
    await withServer(answer, async (server) => {
      const queue = queueOf(server, { concurrencyMax: 2, waitingMax: 60 })
      const outcomes = await outcomesOf(Array.from({ length: 62 }, (_, n) => queue.send(`b${n}`)))
      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(60)
      expect(outcomes.slice(60)).toEqual(['QUEUE_UNAVAILABLE', 'QUEUE_UNAVAILABLE'])
      expect(openMost).toBeLessThanOrEqual(2)
      await queue.send('later')
    })
  })
})

describe('a call that SQS took in part', () => {
  test('is repeated for just the entries that failed or were forgotten', async () => {
    const answer: Answer = (request, response) =>
      answerEntries(request, response, (body) => {
        if (request.n > 1) return undefined
        if (body === 'b1') return { Code: 'InternalError', SenderFault: false }
        if (body === 'b2') return { Code: 'KmsThrottled', SenderFault: true }
        return body === 'b4' ? 'unmentioned' : undefined
      })
    await withServer(answer, async (server) => {
      const queue = queueOf(server)
      await Promise.all(['b0', 'b1', 'b2', 'b3', 'b4'].map((body) => queue.send(body)))
      expect(server.requests.map(bodiesOf)).toEqual([
        ['b0', 'b1', 'b2', 'b3', 'b4'],
        ['b1', 'b2', 'b4'],
      ])
    })
  })

  test('confirms what was taken though others fail for good', async () => {
    const answer: Answer = (request, response) =>
      answerEntries(request, response, (body) => {
        if (body === 'b1') return { Code: 'InternalError', SenderFault: false }
        return body === 'b2' ? { Code: 'InvalidMessageContents', SenderFault: true } : undefined
      })
    await withServer(answer, async (server) => {
      const queue = queueOf(server)
      const sends = ['b0', 'b1', 'b2', 'b3'].map((body) => queue.send(body))
      expect(await outcomesOf(sends)).toEqual(['ok', 'QUEUE_UNAVAILABLE', 'QUEUE_DENIED', 'ok'])
      expect(server.requests.map(bodiesOf).slice(1)).toEqual([['b1'], ['b1']])
      await expect(sends[2]).rejects.toThrow('InvalidMessageContents')
    })
  })

  test('keeps its confirmations when the repeated call is lost', async () => {
    const answer: Answer = (request, response) =>
      request.n === 1
        ? answerEntries(request, response, (body) =>
            body === 'b1' ? { Code: 'InternalError', SenderFault: false } : undefined,
          )
        : dropConnection(response)
    await withServer(answer, async (server) => {
      const queue = queueOf(server)
      const sends = ['b0', 'b1', 'b2'].map((body) => queue.send(body))
      expect(await outcomesOf(sends)).toEqual(['ok', 'QUEUE_UNAVAILABLE', 'ok'])
    })
  })
})

describe('a call that SQS did not take', () => {
  test('because it is too long for this queue is split until it fits', async () => {
    const answer: Answer = (request, response) =>
      entriesOf(request).length > 2
        ? answerError(response, 400, 'BatchRequestTooLong')
        : answerEntries(request, response)
    await withServer(answer, async (server) => {
      const queue = queueOf(server)
      const bodies = ['b0', 'b1', 'b2', 'b3', 'b4']
      await Promise.all(bodies.map((body) => queue.send(body)))
      const taken = server.requests.filter((request) => entriesOf(request).length <= 2)
      expect(taken.flatMap(bodiesOf).sort()).toEqual(bodies)
    })
  })

  for (const [status, type, code, message] of [
    [400, 'BatchRequestTooLong', 'QUEUE_DENIED', /BatchRequestTooLong/],
    [400, 'QueueDoesNotExist', 'QUEUE_DENIED', /create the queue/],
    [403, 'AccessDeniedException', 'QUEUE_DENIED', /policy/],
    [400, 'KmsAccessDenied', 'QUEUE_DENIED', /KMS key/],
    [403, 'ExpiredTokenException', 'QUEUE_DENIED', /credentials/],
    [400, 'RequestThrottled', 'QUEUE_UNAVAILABLE', /RequestThrottled/],
    [400, 'OverLimit', 'QUEUE_UNAVAILABLE', /OverLimit/],
    [500, 'InternalFailure', 'QUEUE_UNAVAILABLE', /HTTP 500/],
  ] as const)
    test(`because of ${type} is ${code}`, async () => {
      await withServer(
        (_, response) => answerError(response, status, type),
        async (server) => {
          await expect(queueOf(server).send('secret payload')).rejects.toMatchObject({
            code,
            message: expect.stringMatching(message),
          })
          await expect(queueOf(server).send('secret payload')).rejects.not.toThrow('secret payload')
        },
      )
    })

  test('is sent again by the SDK, and confirmed', async () => {
    const answer: Answer = (request, response) =>
      request.n === 1 ? dropConnection(response) : answerEntries(request, response)
    await withServer(answer, async (server) => {
      await queueOf(server).send('b')
      expect(server.requests.map(bodiesOf)).toEqual([['b'], ['b']])
    })
  })

  test('is unavailable when its answer never comes, or never ends', async () => {
    for (const answer of [
      () => {},
      (_: Request, response: ServerResponse) => void response.write('{"Succ'),
    ])
      await withServer(
        answer,
        async (server) => {
          await expect(queueOf(server).send('b')).rejects.toMatchObject({
            code: 'QUEUE_UNAVAILABLE',
          })
        },
        { requestTimeoutMs: 60 },
      )
  })

  test('with an answer that is no JSON is unavailable', async () => {
    await withServer(
      (_, response) => void response.end('<html>a proxy</html>'),
      async (server) => {
        await expect(queueOf(server).send('b')).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
      },
    )
  })
})
