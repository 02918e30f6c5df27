import type { ServerResponse } from 'node:http'
import type { Claim } from '@silversmith/core'
import { createMemoryClock } from '@silversmith/simulation'
import { describe, expect, test } from 'vitest'
import { createDynamoLedger } from './dynamo-ledger.ts'
import type { Answer, Request, ScriptedServer } from './scripted-server.ts'
import { answerJson, dropConnection, withServer } from './scripted-server.ts'

const tableName = 'ledger'
const idle = new AbortController().signal
const claimOf = (n: number): Claim => ({
  kind: 'claim',
  id: `c${n}`,
  batch: `b${n}`,
  generation: 0,
  tries: 0,
})

const ledgerOf = ({ clients }: ScriptedServer, settings = {}) =>
  createDynamoLedger({
    client: clients.dynamodb,
    tableName,
    clock: createMemoryClock(),
    attemptsMax: 3,
    ...settings,
  })

const operationOf = ({ headers }: Request): string =>
  String(headers['x-amz-target']).replace(/^.*\./, '')

const answerError = (response: ServerResponse, status: number, type: string): void =>
  answerJson(response, status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'm' })

type Key = { readonly pk: { readonly S: string } }
const keysOf = ({ body }: Request): readonly string[] => {
  const { RequestItems } = JSON.parse(body.toString()) as {
    RequestItems: Record<string, { Keys: readonly Key[]; ConsistentRead: boolean }>
  }
  expect(RequestItems[tableName]?.ConsistentRead).toBe(true)
  return (RequestItems[tableName]?.Keys ?? []).map(({ pk }) => pk.S)
}
const storedOf = (pk: string) => ({
  pk: { S: pk },
  rev: { N: '4' },
  kind: { S: 'claim' },
  id: { S: pk.slice(2) },
  batch: { S: `b${pk.slice(3)}` },
  generation: { N: '0' },
  tries: { N: '0' },
})

/** Answers so many keys of each call and leaves the rest unprocessed. */
const answerSome =
  (count: number): Answer =>
  (request, response) => {
    const keys = keysOf(request)
    const rest = keys.slice(count)
    answerJson(response, 200, {
      Responses: { [tableName]: keys.slice(0, count).map(storedOf).reverse() },
      UnprocessedKeys:
        rest.length === 0 ? {} : { [tableName]: { Keys: rest.map((pk) => ({ pk: { S: pk } })) } },
    })
  }

describe('reading from DynamoDB', () => {
  test('asks again for just the keys left unprocessed', async () => {
    await withServer(answerSome(3), async (server) => {
      const claims = Array.from({ length: 7 }, (_, n) => claimOf(n))
      const found = await ledgerOf(server).read(claims, idle)
      expect(found).toEqual(claims.map((item) => ({ item, revision: 4 })))
      expect(server.requests.map((request) => keysOf(request).length)).toEqual([7, 4, 1])
    })
  })

  test('is unavailable when keys stay unprocessed, never absent', async () => {
    await withServer(answerSome(0), async (server) => {
      await expect(ledgerOf(server).read([claimOf(0)], idle)).rejects.toMatchObject({
        code: 'LEDGER_UNAVAILABLE',
        message: expect.stringMatching(/ledger.*1 items/),
      })
      expect(server.requests).toHaveLength(3)
    })
  })

  test('asks for each key once, a hundred a call, and has no call open when it fails', async () => {
    let open = 0
    const answer: Answer = async (request, response) => {
      open += 1
      await new Promise((resolve) => setImmediate(resolve))
      open -= 1
      if (keysOf(request).includes('O#c250')) answerError(response, 400, 'AccessDeniedException')
      else answerSome(100)(request, response)
    }
    await withServer(answer, async (server) => {
      const claims = Array.from({ length: 450 }, (_, n) => claimOf(n % 400))
      await expect(ledgerOf(server).read(claims, idle)).rejects.toMatchObject({
        code: 'LEDGER_DENIED',
      })
      expect(open).toBe(0)
      const asked = new Set(server.requests.map((request) => keysOf(request).join()))
      expect(asked.size).toBe(4)
      expect([...asked].join().split(',').sort()).toEqual(
        claims
          .slice(0, 400)
          .map(({ id }) => `O#${id}`)
          .sort(),
      )
    })
  })

  test('fails when a page of open batches is missing', async () => {
    const answer: Answer = (request, response) =>
      request.body.includes('OPEN#2#p')
        ? answerError(response, 400, 'ProvisionedThroughputExceededException')
        : answerJson(response, 200, { Items: [] })
    await withServer(answer, async (server) => {
      await expect(ledgerOf(server).listOpen('p', 1, 5, idle)).rejects.toMatchObject({
        code: 'LEDGER_UNAVAILABLE',
      })
    })
  })

  test('follows the pages of the index until the limit', async () => {
    const itemOf = (n: number) => ({
      pk: { S: `B#b${n}` },
      openShard: { S: 'OPEN#0#p' },
      leaseUntil: { N: String(n) },
    })
    const answer: Answer = (request, response) => {
      if (!request.body.includes('OPEN#0#p')) return answerJson(response, 200, { Items: [] })
      const { ExclusiveStartKey: from } = JSON.parse(request.body.toString()) as {
        ExclusiveStartKey?: { leaseUntil: { N: string } }
      }
      const next = Number(from?.leaseUntil.N ?? 0) + 1
      answerJson(response, 200, { Items: [itemOf(next)], LastEvaluatedKey: itemOf(next) })
    }
    await withServer(answer, async (server) => {
      expect(await ledgerOf(server).listOpen('p', 99, 3, idle)).toEqual(['b1', 'b2', 'b3'])
    })
  })
})

describe('writing to DynamoDB', () => {
  test('names the revision it replaces', async () => {
    await withServer(
      (_, response) => answerJson(response, 200, {}),
      async (server) => {
        expect(await ledgerOf(server).write(claimOf(1), 0, idle)).toBe(true)
        expect(await ledgerOf(server).write(claimOf(1), 7, idle)).toBe(true)
        const [first, second] = server.requests.map(
          ({ body }) => JSON.parse(body.toString()) as Record<string, unknown>,
        )
        expect(first?.['ConditionExpression']).toBe('attribute_not_exists(pk)')
        expect(second).toMatchObject({
          ConditionExpression: 'rev = :expected',
          ExpressionAttributeValues: { ':expected': { N: '7' } },
          Item: { pk: { S: 'O#c1' }, rev: { N: '8' } },
        })
      },
    )
  })

  test('whose answer was lost is found by the read that follows', async () => {
    let stored: unknown
    const answer: Answer = (request, response) => {
      if (operationOf(request) === 'BatchGetItem')
        return answerJson(response, 200, { Responses: { [tableName]: [stored] } })
      if (stored) return answerError(response, 400, 'ConditionalCheckFailedException')
      stored = (JSON.parse(request.body.toString()) as { Item: unknown }).Item
      dropConnection(response)
    }
    await withServer(answer, async (server) => {
      const ledger = ledgerOf(server)
      expect(await ledger.write(claimOf(1), 0, idle)).toBe(false)
      expect(await ledger.read([claimOf(1)], idle)).toEqual([{ item: claimOf(1), revision: 1 }])
    })
  })

  test('that loses a race says so', async () => {
    await withServer(
      (_, response) => answerError(response, 400, 'ConditionalCheckFailedException'),
      async (server) => {
        expect(await ledgerOf(server).write(claimOf(1), 3, idle)).toBe(false)
        expect(server.requests).toHaveLength(1)
      },
    )
  })

  test('outlives a throttle', async () => {
    const answer: Answer = ({ n }, response) =>
      n === 1
        ? answerError(response, 400, 'ProvisionedThroughputExceededException')
        : answerJson(response, 200, {})
    await withServer(answer, async (server) => {
      expect(await ledgerOf(server).write(claimOf(1), 0, idle)).toBe(true)
    })
  })

  for (const [status, type, code, message] of [
    [400, 'ProvisionedThroughputExceededException', 'LEDGER_UNAVAILABLE', /writing O#c1 to ledger/],
    [400, 'ThrottlingException', 'LEDGER_UNAVAILABLE', /ThrottlingException/],
    [400, 'RequestLimitExceeded', 'LEDGER_UNAVAILABLE', /RequestLimitExceeded/],
    [400, 'TransactionConflictException', 'LEDGER_UNAVAILABLE', /TransactionConflict/],
    [500, 'InternalServerError', 'LEDGER_UNAVAILABLE', /HTTP 500/],
    [400, 'ResourceNotFoundException', 'LEDGER_DENIED', /create the table/],
    [400, 'AccessDeniedException', 'LEDGER_DENIED', /policy/],
    [400, 'ExpiredTokenException', 'LEDGER_DENIED', /credentials/],
    [400, 'UnrecognizedClientException', 'LEDGER_DENIED', /credentials/],
    [400, 'ValidationException', 'LEDGER_DENIED', /ValidationException: m/],
  ] as const)
    test(`fails as ${code} when DynamoDB says ${type}`, async () => {
      await withServer(
        (_, response) => answerError(response, status, type),
        async (server) => {
          await expect(ledgerOf(server).write(claimOf(1), 0, idle)).rejects.toMatchObject({
            code,
            message: expect.stringMatching(message),
          })
        },
      )
    })

  test('is unavailable when the answer never comes, never ends or is cut off', async () => {
    for (const answer of [
      () => {},
      (_: Request, response: ServerResponse) => void response.write('{"Attr'),
      (_: Request, response: ServerResponse) => dropConnection(response),
    ])
      await withServer(
        answer,
        async (server) => {
          await expect(ledgerOf(server).write(claimOf(1), 0, idle)).rejects.toMatchObject({
            code: 'LEDGER_UNAVAILABLE',
          })
        },
        { requestTimeoutMs: 60 },
      )
  })

  test('ends when the caller gives up', async () => {
    const caller = new AbortController()
    await withServer(
      () => caller.abort(),
      async (server) => {
        const ledger = ledgerOf(server)
        await expect(ledger.write(claimOf(1), 0, caller.signal)).rejects.toMatchObject({
          code: 'DEADLINE_REACHED',
        })
        await expect(ledger.read([claimOf(1)], caller.signal)).rejects.toMatchObject({
          code: 'DEADLINE_REACHED',
        })
        expect(server.requests).toHaveLength(1)
      },
    )
  })
})
