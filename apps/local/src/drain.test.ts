import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain, Stalled } from './drain.ts'
import type { Watched } from './drain.ts'
import { failureOf } from './lambda/invocation.ts'
import { startMapping } from './mapping/event-source-mapping.ts'
import type { MappingState } from './mapping/event-source-mapping.ts'
import { startSqs } from './sqs.ts'
import type { LocalServer } from './sqs.ts'

let server: LocalServer
let sqs: SQSClient

beforeAll(async () => {
  server = await startSqs()
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  sqs = new SQSClient({ endpoint: server.url, region: 'us-east-1', credentials })
})
afterAll(async () => {
  sqs.destroy()
  await server.close()
})

let count = 0
const createQueue = async () => {
  const name = `queue-${++count}`
  await sqs.send(new CreateQueueCommand({ QueueName: name }))
  const queueArn = `arn:aws:sqs:us-east-1:000000000000:${name}`
  return { name, queueUrl: `${server.url}/000000000000/${name}`, queueArn }
}

const watch = async (open: string[], states: Partial<Record<string, MappingState>> = {}) => {
  const arrivals = { main: await createQueue(), dead: await createQueue() }
  const objects = { main: await createQueue(), dead: await createQueue() }
  const bulk = { main: await createQueue(), dead: await createQueue() }
  const messages = { main: await createQueue(), dead: await createQueue() }
  const watched = {
    dir: '/work',
    clients: { sqs },
    resources: { arrivals, objects, bulk, messages },
    ledger: { listOpen: () => Promise.resolve([...open]) },
    mappings: () => states,
  } as unknown as Watched
  return { watched, arrivals, objects }
}

const send = (queueUrl: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'x' }))

const { signal } = new AbortController()
const quiet = { signal, onStatus: () => undefined }

it('ends when queues are empty and no batch is open, and tells of dead letters', async () => {
  const { watched, arrivals, objects } = await watch([])
  await send(objects.dead.queueUrl)
  await send(arrivals.main.queueUrl)
  const mapping = startMapping(
    sqs,
    { invoke: () => Promise.resolve({ kind: 'success', payload: 'null' }) },
    {
      ...arrivals.main,
      batchSize: 1,
      windowMs: 0,
      concurrencyMax: 1,
      reportBatchItemFailures: true,
    },
  )
  try {
    expect(await drain(watched, quiet)).toMatchObject({
      arrivals: { ready: 0, inFlight: 0 },
      dead: 1,
    })
  } finally {
    await mapping.stop()
  }
})

it('says what is stuck, why, and where to look', async () => {
  const lastFailure = failureOf('Fault', 'access denied')
  const transform = { succeeded: 3, failed: 9, running: 0, lastFailure, changedAt: 0 }
  const { watched, objects } = await watch(['B1', 'B2'], {
    objects: { ...transform, state: 'Enabled' },
    arrivals: { ...transform, state: 'Disabled' },
  })
  await send(objects.main.queueUrl)
  const stuck = drain(watched, { ...quiet, stallMs: 400 })
  await expect(stuck).rejects.toThrow(Stalled)
  await expect(stuck).rejects.toThrow(/objects 1 · open batches 2/)
  await expect(stuck).rejects.toThrow(/oldest first: B1, B2/)
  await expect(stuck).rejects.toThrow(/nothing takes from arrivals: it is paused/)
  await expect(stuck).rejects.toThrow(/transform failed last with Fault: access denied/)
  await expect(stuck).rejects.toThrow(/log of transform: .work.logs.transform.log/)
})

it('goes on as long as something moves', async () => {
  const open = Array.from({ length: 8 }, (_, n) => `B${n}`)
  const { watched } = await watch(open)
  const seen: number[] = []
  const onStatus = () => void seen.push(open.splice(-1).length)
  await drain(watched, { signal, onStatus, stallMs: 700 })
  expect(seen.length).toBeGreaterThan(8)
})

it('ends at once when it is asked to', async () => {
  const { watched } = await watch(['B1'])
  const asked = AbortSignal.abort(new Error('stopped by SIGINT'))
  await expect(drain(watched, { ...quiet, signal: asked })).rejects.toThrow('stopped by SIGINT')
})
