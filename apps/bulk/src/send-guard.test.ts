import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { idempotencyTableDefinition } from '@silversmith/aws'
import { Fault } from '@silversmith/core'
import type { SendCheckpoint } from '@silversmith/flow'
import type { Context } from 'aws-lambda'
import dynalite from 'dynalite'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSendGuard } from './send-guard.ts'

const tableName = 'idempotency'
let server: Server
let dynamodb: DynamoDBClient
let sends: string[]
let runs = 0
let job: string

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  dynamodb = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  })
  await dynamodb.send(new CreateTableCommand(idempotencyTableDefinition(tableName)))
})

afterAll(async () => {
  dynamodb.destroy()
  await new Promise((resolve) => server.close(resolve))
})

beforeEach(() => {
  sends = []
  job = `job-${(runs += 1)}`
})

/** What one process of the function would be, in an invocation that has so long. */
const openProcess = (remainingMs = 60_000, table = tableName) => {
  const { begin, send } = createSendGuard(dynamodb, table)
  begin({ getRemainingTimeInMillis: () => remainingMs } as Context)
  return (given: Partial<SendCheckpoint> = {}, work?: () => Promise<void>) => {
    const checkpoint = { pipeline: 'p', job, checkpoint: '1/0/0/0', ...given }
    const name = Object.values(checkpoint).join(' ')
    return send(checkpoint, work ?? (async () => void sends.push(name)))
  }
}

test('001-11: what was sent from a checkpoint is not sent again, by this process or another', async () => {
  await openProcess()()
  const guard = openProcess()
  await guard()
  await guard()
  expect(sends).toEqual([`p ${job} 1/0/0/0`])
})

test('another checkpoint, job or pipeline is another send', async () => {
  const guard = openProcess()
  for (const other of [{}, { checkpoint: '1/0/0/200' }, { job: `${job}b` }, { pipeline: 'q' }])
    await guard(other)
  expect(sends).toHaveLength(4)
})

test('a send that failed is told as it failed, and sent again', async () => {
  const guard = openProcess()
  const fault = new Fault('QUEUE_UNAVAILABLE', 'throttled')
  await expect(guard({}, () => Promise.reject(fault))).rejects.toBe(fault)
  await guard()
  expect(sends).toHaveLength(1)
})

test('001-11: one that is half done waits until its invocation is over, and is sent again then', async () => {
  const never = new Promise<void>(() => undefined)
  const begun = async (remainingMs: number): Promise<void> => {
    await new Promise<void>((resolve) => {
      void openProcess(remainingMs)({}, () => (resolve(), never))
    })
  }
  await begun(60_000)
  await expect(openProcess()()).rejects.toMatchObject({
    ...{ code: 'LEDGER_UNAVAILABLE', meaning: 'retry' },
    message: expect.stringContaining('another invocation is sending'),
  })
  job = `${job}-over`
  await begun(-1)
  await openProcess()()
  expect(sends).toHaveLength(1)
})

test('a table that is not there is a fault for a person', async () => {
  await expect(openProcess(60_000, 'nowhere')()).rejects.toMatchObject({
    ...{ code: 'LEDGER_DENIED', message: expect.stringContaining('ResourceNotFoundException') },
  })
  expect(sends).toEqual([])
})
