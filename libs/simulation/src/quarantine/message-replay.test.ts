import {
  type Contract,
  objectOfMessage,
  readObjectsMessage,
  type Source,
  sourceIdOf,
} from '@silversmith/core'
import { sqsMessages } from '@silversmith/datasets'
import { listQuarantine, replayQuarantine } from '@silversmith/flow'
import { expect, test } from 'vitest'
import { createRoom, pipeline, type RoomOptions } from '../transform/transform-room.ts'

const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:orders'
const sentAt = 1_767_607_871_000
const everyByte = Buffer.from(Uint8Array.from({ length: 256 }, (_, n) => n)).toString('base64')

const messageOf = (messageId: string, more: object = {}): Source => {
  const object = objectOfMessage({ queueArn, messageId })
  const record = {
    ...{ messageId, body: '', eventSourceARN: queueArn, awsRegion: 'eu-west-1' },
    attributes: { SentTimestamp: String(sentAt) },
    messageAttributes: { any: { binaryValue: everyByte, dataType: 'Binary' } },
    ...{ ingestedAt: sentAt + 1, ...more },
  }
  return {
    ...{ id: sourceIdOf(pipeline, object), object, dataset: sqsMessages.name, generation: 0 },
    content: { bytes: Buffer.from(JSON.stringify(record)), sentAt },
  }
}

const createMessageRoom = (contract: Contract, options: RoomOptions = {}) => {
  const contracts: Record<string, Contract> = { [sqsMessages.name]: contract }
  const room = createRoom({ datasets: [sqsMessages], contracts, ...options })
  const deps = { ...room.deps, queue: room.queue }
  const loosen = (): void => void (contracts[sqsMessages.name] = 'rescue')
  const replay = async () => {
    const result = await replayQuarantine(deps, {}, { dryRun: false }, room.call())
    const sent = room.queue.take().flatMap((body) => {
      const message = readObjectsMessage(pipeline, body)
      return message?.kind === 'source' ? [message.source] : []
    })
    expect(await room.run(...sent)).toEqual([])
    return result
  }
  const states = async () => {
    const found = []
    for await (const page of listQuarantine(deps, {}, room.call()))
      found.push(...page.map(({ records, state }) => [records, state]))
    return found
  }
  /** But for when and in which chunk they were written. */
  const rows = () =>
    room.engine
      .rows(sqsMessages.name)
      .toSorted((a, b) => String(a['_source']).localeCompare(String(b['_source'])))
      .map((row) => ({ ...row, _chunk: '', _loaded_at: 0 }))
  return { ...room, loosen, replay, states, rows }
}

const sources = [
  messageOf('m1'),
  messageOf('m2', { later: { field: 1 }, body: '{"Records":[{"eventSource":"aws:s3"}]}' }),
  messageOf('m3', { later: 1, body: '"\\\r\n'.repeat(5_000) }),
]

test('a message that was refused is replayed: it becomes the row it would have been, once', async () => {
  const direct = createMessageRoom('rescue')
  expect(await direct.run(...sources)).toEqual([])
  const room = createMessageRoom('freeze')
  expect(await room.run(...sources)).toEqual([])
  expect(room.rows()).toHaveLength(1)
  expect(await room.states()).toEqual([[2, 'open']])
  room.loosen()
  expect(await room.replay()).toMatchObject({ sent: 1, records: 2 })
  expect(room.rows()).toEqual(direct.rows())
  // SQS delivers them once more, and somebody replays once more.
  expect(await room.run(...sources)).toEqual([])
  expect(await room.replay()).toMatchObject({ sent: 0, resolved: 1 })
  expect(room.rows()).toEqual(direct.rows())
  expect(room.names(await room.silver())).toHaveLength(3)
})

test('a refused message that is longer than a record may be is not lost by its replay', async () => {
  const room = createMessageRoom('freeze', { limits: { recordBytesMax: 1_000 } })
  expect(await room.run(...sources)).toEqual([])
  room.loosen()
  await room.replay()
  // Its only copy is in the file: that must stay to be replayed.
  expect(room.rows()).toHaveLength(1)
  expect(await room.states()).toEqual([[2, 'failed']])
  const [, manifest] = room.manifests()
  expect(manifest?.sources[0]?.reason).toMatch(/^line 2 of .* raise it and replay the file again$/)
  Object.assign(room.deps.limits, { recordBytesMax: 100_000 })
  await room.replay()
  expect(room.rows()).toHaveLength(3)
  expect(await room.states()).toEqual([[2, 'resolved']])
})

test('where messages are told to supersede they are loaded, for they have no other version', async () => {
  const room = createMessageRoom('rescue', { overwrites: { [sqsMessages.name]: 'supersede' } })
  expect(await room.run(...sources)).toEqual([])
  expect(room.rows()).toHaveLength(3)
  expect(room.engine.rows('_reloads')).toEqual([])
})
