import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { createLambdaMappings } from '@silversmith/aws/lambda-mappings'
import { describeEventMappings } from '@silversmith/simulation'
import { expect, it } from 'vitest'
import { failureOf } from '../lambda/invocation.ts'
import type { Outcome } from '../lambda/invocation.ts'
import { startInvokeApi } from '../lambda/invoke-api.ts'
import { startSqs } from '../sqs.ts'
import { startMapping } from './event-source-mapping.ts'
import { createMappingApi } from './mapping-api.ts'

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
const queueArn = 'arn:aws:sqs:us-east-1:000000000000:objects'

/** A mapping that really polls, behind the API that the AWS SDK speaks to. */
const start = async () => {
  const server = await startSqs()
  const sqs = new SQSClient({ endpoint: server.url, region: 'us-east-1', credentials })
  await sqs.send(new CreateQueueCommand({ QueueName: 'objects' }))
  const delivered: (readonly string[])[] = []
  let outcome: Outcome = { kind: 'success', payload: 'null' }
  const pool = {
    ...{ name: 'transform', logFile: '', pids: () => [], close: () => Promise.resolve() },
    invoke: async (payload: string) => {
      const { Records } = JSON.parse(payload) as { Records: readonly { body: string }[] }
      delivered.push(Records.map(({ body }) => body))
      return outcome
    },
  }
  const queueUrl = `${server.url}/000000000000/objects`
  const mapping = startMapping(sqs, pool, {
    ...{ queueUrl, queueArn, batchSize: 10, windowMs: 0, concurrencyMax: 1 },
    reportBatchItemFailures: true,
  })
  const named = { id: 'objects', functionName: 'transform', queueArn, mapping }
  const api = await startInvokeApi(
    [pool],
    createMappingApi(() => [named]),
  )
  const mappings = createLambdaMappings({
    endpoints: { lambda: api.url },
    region: 'us-east-1',
    credentials,
  })
  return {
    ...{ mappings, queueArn, delivered, url: api.url },
    end: (how: 'ended' | 'failed') => {
      outcome = how === 'ended' ? { kind: 'success', payload: 'null' } : failureOf('Error', 'no')
    },
    close: async () => {
      mappings.close()
      await mapping.stop()
      await api.close()
      sqs.destroy()
      await server.close()
    },
  }
}

describeEventMappings('Lambda on the local stack', start)

it('answers what it cannot do as Lambda does', async () => {
  const { url, close } = await start()
  const ask = async (method: string, path: string, body?: string) => {
    const at = `${url}/2015-03-31/event-source-mappings${path}`
    const response = await fetch(at, { method, ...(body !== undefined && { body }) })
    return [response.status, response.headers.get('x-amzn-errortype')]
  }
  try {
    expect(await ask('GET', '/objects')).toEqual([200, null])
    expect(await ask('GET', '/none')).toEqual([404, 'ResourceNotFoundException'])
    expect(await ask('PUT', '/objects', '{"BatchSize":1}')).toEqual([
      ...[400, 'InvalidParameterValueException'],
    ])
    expect(await ask('PUT', '/objects', '{')).toEqual([400, 'InvalidParameterValueException'])
    expect(await ask('DELETE', '/objects')).toEqual([405, 'InvalidParameterValueException'])
  } finally {
    await close()
  }
})
