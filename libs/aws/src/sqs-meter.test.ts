import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { startFauxqs } from 'fauxqs'
import { expect, test } from 'vitest'
import { createAwsClients } from './clients.ts'
import { answerJson, withServer } from './scripted-server.ts'
import { createSqsMeter } from './sqs-meter.ts'

const { signal } = new AbortController()

test('tells what is ready, delayed and in flight, and the ARN of the queue', async () => {
  const server = await startFauxqs({ port: 0, logger: false })
  const { queueUrl } = server.createQueue('objects')
  const { sqs, destroy } = createAwsClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoints: { sqs: `http://127.0.0.1:${server.port}` },
  })
  try {
    for (const DelaySeconds of [0, 0, 0, 600])
      await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'b', DelaySeconds }))
    await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 }))
    const meter = createSqsMeter({ client: sqs, name: 'objects', queueUrl })
    expect(meter.name).toBe('objects')
    expect(await meter.measure(signal)).toEqual({
      ...{ ready: 2, delayed: 1, inFlight: 1 },
      queueArn: 'arn:aws:sqs:us-east-1:000000000000:objects',
    })
  } finally {
    destroy()
    await server.stop()
  }
})

test('a queue that is not there is a fault with its URL', async () => {
  await withServer(
    (_request, response) =>
      answerJson(response, 400, { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'm' }),
    async ({ clients, url }) => {
      const meter = createSqsMeter({ client: clients.sqs, name: 'o', queueUrl: `${url}/1/none` })
      await expect(meter.measure(signal)).rejects.toMatchObject({
        ...{ code: 'QUEUE_DENIED', message: expect.stringContaining('/1/none') },
      })
    },
  )
})
