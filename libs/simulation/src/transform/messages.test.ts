import { objectOfMessage, type Source, sourceIdOf } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createRoom, pipeline } from './transform-room.ts'

const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:notes'
const never = new Promise<never>(() => undefined)

const messageOf = (messageId: string, body: unknown): Source => {
  const object = objectOfMessage({ queueArn, messageId })
  return {
    ...{ id: sourceIdOf(pipeline, object), object, dataset: 'notes', generation: 0 },
    content: { bytes: Buffer.from(JSON.stringify(body)), sentAt: 1_767_607_871_000 },
  }
}

test('a message is a row of its own, however often it comes, beside objects', async () => {
  const world = createRoom()
  const message = messageOf('m1', { id: 'a' })
  const object = world.put('b.jsonl', '{"id":"b"}')
  expect(await world.run(message, object, message)).toEqual([])
  expect(await world.run(message, messageOf('m2', { id: 'a' }))).toEqual([])
  const expected = [`${queueArn}/m1#0=a`, `${queueArn}/m2#0=a`, 's3://b/b.jsonl#0=b']
  expect(world.names(world.rows())).toEqual(expected)
  expect(world.names(await world.silver())).toEqual(expected)
  expect(world.rows().find((row) => row['_source'] === `${queueArn}/m1`)).toMatchObject({
    ...{ _version: '1', _record: 0n, _line: null, _object_time: 1_767_607_871_000_000 },
  })
})

test('a message is acknowledged at the seal, with its bytes staged and no target reached', async () => {
  const world = createRoom({
    clickhouse: (target) => ({ ...target, put: () => Promise.reject(new Error('down')) }),
  })
  expect(await world.run(messageOf('m1', { id: 'a' }))).toEqual([])
  expect(world.rows()).toEqual([])
  expect(world.staged()).not.toEqual([])
})

test('a message over the limits of objects is kept whole: as rows, or in quarantine', async () => {
  const world = createRoom({
    limits: { recordBytesMax: 20, objectBytesMax: 20, decompressedBytesMax: 20 },
  })
  const text = 'x'.repeat(1_000)
  const good = messageOf('m1', { id: 'a', text })
  expect(await world.run(good, messageOf('m2', { text }))).toEqual([])
  expect(world.names(world.rows())).toEqual([`${queueArn}/m1#0=a`])
  expect(world.quarantined()).toMatchObject([
    { source: `${queueArn}/m2`, reason: 'no_id', raw: JSON.stringify({ text }) },
  ])
})

test('a message that goes down with its process is never condemned: sealed, it would be lost', async () => {
  let isDeadly = true
  const world = createRoom({
    store: (store) => ({
      ...store,
      write: (...file) => (isDeadly ? never : store.write(...file)),
    }),
  })
  const message = messageOf('m1', { id: 'a' })
  for (let n = 0; n < 6; n += 1) {
    void world.run(message)
    for (let beat = 0; beat < 100; beat += 1) await new Promise((resolve) => setImmediate(resolve))
    world.clock.advance(200_000)
  }
  isDeadly = false
  expect(await world.run(message)).toEqual([])
  expect(world.dispositions()).toEqual({ m1: 'rows' })
})
