import type { Call } from '@silversmith/flow'
import type { Context } from 'aws-lambda'
import { readFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { createHandler } from './handler.ts'

const context = { getRemainingTimeInMillis: () => 60_000 } as Context

let calls: Call[]

beforeEach(() => {
  calls = []
})

const handler = createHandler(
  {
    sweep: (call) => {
      calls.push(call)
      return Promise.resolve({ found: 2, sent: 1, aborted: 1 })
    },
  },
  () => 1_000_000,
)

test('sweeps when a schedule asks for it, and returns what was found', async () => {
  const event: unknown = JSON.parse(
    readFileSync(new URL('../../../examples/events/sweep.json', import.meta.url), 'utf8'),
  )
  expect(await handler(event, context)).toEqual({ found: 2, sent: 1, aborted: 1 })
  expect(calls.map(({ deadline }) => deadline)).toEqual([1_055_000])
  expect(calls[0]?.signal.aborted).toBe(true)
})

test.each([
  [{ mode: 'reconcile' }, 'there is no mode "reconcile"; known are {"mode":"sweep"}'],
  [{ mode: 'toString' }, 'there is no mode "toString"'],
  [{ mode: 7 }, 'there is no mode 7'],
  [{ health_check: true }, 'the event has no mode; known are {"mode":"sweep"}'],
  [{ 'detail-type': 'Scheduled Event' }, 'as the input of the schedule'],
  [null, 'the event has no mode'],
])('says what it knows when asked for something else: %j', async (event, message) => {
  await expect(handler(event, context)).rejects.toMatchObject({
    code: 'EVENT_UNKNOWN',
    message: expect.stringContaining(message),
  })
  expect(calls).toEqual([])
})

test('raises what the mode raises', async () => {
  const failing = createHandler({ sweep: () => Promise.reject(new Error('no ledger')) }, Date.now)
  await expect(failing({ mode: 'sweep' }, context)).rejects.toThrow('no ledger')
})

test('refuses the bucket of a mode there is not', () => {
  const environment = {
    LEDGER_TABLE_NAME: 'ledger',
    SILVER_BUCKET: 'silver',
    QUEUE_URL: 'https://sqs.example/objects',
  }
  expect(parseConfig(environment)).toMatchObject({ objectsQueueUrl: 'https://sqs.example/objects' })
  expect(() => parseConfig({ ...environment, S3_XAPI_BUCKET_NAME: 'x' })).toThrow(
    'S3_XAPI_BUCKET_NAME is not taken',
  )
})
