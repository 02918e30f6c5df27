import type { Call } from '@silversmith/flow'
import type { Context } from 'aws-lambda'
import { readFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { createHandler, type Fields, refuseFields, unknownFields } from './handler.ts'

const context = { getRemainingTimeInMillis: () => 60_000, awsRequestId: 'r' } as Context

let calls: { readonly fields: Fields; readonly call: Call }[]

beforeEach(() => {
  calls = []
})

const handler = createHandler({
  modes: {
    sweep: (fields, call) => {
      refuseFields('sweep', unknownFields(fields, []))
      calls.push({ fields, call })
      return Promise.resolve({ found: 2, sent: 1, aborted: 1 })
    },
    reconcile: (fields, call) => {
      calls.push({ fields, call })
      return Promise.resolve({ findings: [] })
    },
    bulk: (fields, call, invocation) => {
      calls.push({ fields: { ...fields, invocation }, call })
      return Promise.resolve({ success: true })
    },
  },
  now: () => 1_000_000,
})

const example = (name: string): unknown =>
  JSON.parse(
    readFileSync(new URL(`../../../examples/events/${name}.json`, import.meta.url), 'utf8'),
  )

test('sweeps when a schedule asks for it, and returns what was found', async () => {
  expect(await handler(example('sweep'), context)).toEqual({ found: 2, sent: 1, aborted: 1 })
  expect(calls.map(({ call }) => call.deadline)).toEqual([1_055_000])
  expect(calls[0]?.call.signal.aborted).toBe(true)
})

test('hands the other fields of the event to its mode', async () => {
  expect(await handler(example('reconcile'), context)).toEqual({ findings: [] })
  expect(calls.map(({ fields }) => fields)).toEqual([{ since: 172_800, enqueue: true }])
})

test.each([
  { mode: 'bulk', section_id: 145 },
  { section_id: 145 },
  { section_id: 145, mode: null },
])('takes the event of the first system, with and without its mode: %j', async (event) => {
  expect(await handler(event, context)).toEqual({ success: true })
  expect(calls.map(({ fields }) => fields)).toEqual([{ section_id: 145, invocation: 'r' }])
})

test.each([
  [{ mode: 'all' }, 'there is no mode "all"; known are {"mode":"sweep"}, {"mode":"reconcile"}'],
  [
    { mode: 'sweep', since: 3 },
    'the event of mode sweep is wrong: "since" is no field; it takes none',
  ],
  [
    { mode: 'sweep', since: 3, until: 4 },
    'is wrong: "since" is no field; "until" is no field; it takes none',
  ],
  [{ mode: 'toString' }, 'there is no mode "toString"'],
  [{ mode: 7 }, 'there is no mode 7'],
  [{ Records: [] }, 'the event has no mode; known are {"mode":"sweep"}'],
  [{ bucket: 'b', key: 'k' }, 'one object by its name is for ingest'],
  [{ 'detail-type': 'Scheduled Event' }, 'as the input of the schedule'],
  [null, 'the event has no mode'],
])('says what it knows when asked for something else: %j', async (event, message) => {
  await expect(handler(event, context)).rejects.toMatchObject({
    code: 'EVENT_UNKNOWN',
    message: expect.stringContaining(message),
  })
  expect(calls).toEqual([])
})

test('does nothing while DRY_RUN is set, and says so', async () => {
  const modes = { sweep: () => Promise.reject(new Error('it was run')) }
  const dry = createHandler({ modes, now: Date.now, dryRun: true })
  await expect(dry({ mode: 'sweep' }, context)).rejects.toMatchObject({
    ...{ code: 'SETTINGS_INVALID', message: expect.stringContaining('DRY_RUN is set') },
  })
})

test('001-1: raises what the mode raises', async () => {
  const failing = createHandler({
    ...{ modes: { sweep: () => Promise.reject(new Error('no ledger')) }, now: Date.now },
  })
  await expect(failing({ mode: 'sweep' }, context)).rejects.toThrow('no ledger')
})
