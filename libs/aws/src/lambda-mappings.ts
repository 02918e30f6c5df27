import {
  InvokeCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda'
import { createHash } from 'node:crypto'
import type { DeliveryEnd, EventMapping, EventMappings, EventMappingState } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import type { AwsSettings } from './clients.ts'
import { createLambdaClient } from './clients.ts'
import { errorNameOf, faultOf } from './vendor-fault.ts'

/** Lambda lets no invocation run longer. https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
export const invocationMsMax = 900_000
/** Mappings of one queue; a hundred a page. */
const pagesMax = 20

/** Somebody, or AWS itself, changes it just now. */
const busy: ReadonlySet<string> = new Set(['ResourceInUseException', 'ResourceConflictException'])

const states: Readonly<Record<string, EventMappingState>> = {
  Enabled: 'enabled',
  Disabled: 'disabled',
}

/**
 * The EventMappings port on the API of Lambda. `close` ends its connections.
 *
 * Needs lambda:ListEventSourceMappings, lambda:UpdateEventSourceMapping, and lambda:InvokeFunction for `deliver`.
 * Faults: QUEUE_UNAVAILABLE, QUEUE_DENIED, DEADLINE_REACHED.
 */
export const createLambdaMappings = (
  settings: AwsSettings = {},
): EventMappings & { close(): void } => {
  const client = createLambdaClient(settings)
  // The answer is the end of the function; asked again it would run twice.
  const patient = { requestTimeoutMs: invocationMsMax + 30_000, attemptsMax: 1 }
  const caller = createLambdaClient({ ...settings, ...patient })
  const call = async <Output>(
    what: string,
    work: () => Promise<Output>,
    signal: AbortSignal,
  ): Promise<Output> => {
    try {
      return await work()
    } catch (error) {
      throw faultOf('queue', error, what, signal)
    }
  }
  const listBy = async (
    by: { readonly EventSourceArn: string } | { readonly FunctionName: string },
    signal: AbortSignal,
  ): Promise<readonly EventMapping[]> => {
    const what = `listing the event source mappings of ${Object.values(by).join('')}`
    const found: EventMapping[] = []
    let marker: string | undefined
    for (let page = 0; page < pagesMax; page += 1) {
      const ask = new ListEventSourceMappingsCommand({
        ...by,
        ...(marker !== undefined && { Marker: marker }),
      })
      const answer = await call(what, () => client.send(ask, { abortSignal: signal }), signal)
      found.push(...(answer.EventSourceMappings ?? []).map(mappingOf))
      marker = answer.NextMarker
      if (!marker) return found
    }
    throw new Fault('QUEUE_UNAVAILABLE', `${what}: no end after ${pagesMax} pages`)
  }
  return {
    list: (queueArn, signal) => listBy({ EventSourceArn: queueArn }, signal),
    listOf: (functionName, signal) => listBy({ FunctionName: functionName }, signal),
    turn: async (id, isOn, signal) => {
      const ask = new UpdateEventSourceMappingCommand({ UUID: id, Enabled: isOn })
      const what = `${isOn ? 'enabling' : 'disabling'} event source mapping ${id}`
      const work = async (): Promise<void> => {
        await client.send(ask, { abortSignal: signal }).catch((error: unknown) => {
          if (!busy.has(errorNameOf(error))) throw error
        })
      }
      await call(what, work, signal)
    },
    deliver: async ({ functionName, queueArn }, bodies, signal) => {
      const ask = new InvokeCommand({
        FunctionName: functionName,
        Payload: Buffer.from(JSON.stringify({ Records: bodies.map(recordOf(queueArn)) })),
      })
      const what = `invoking ${functionName}`
      const work = async (): Promise<DeliveryEnd> => {
        try {
          const { FunctionError } = await caller.send(ask, { abortSignal: signal })
          return FunctionError === undefined ? 'ended' : 'failed'
        } catch (error) {
          if (errorNameOf(error) === 'TooManyRequestsException') return 'throttled'
          throw error
        }
      }
      return call(what, work, signal)
    },
    close: () => {
      client.destroy()
      caller.destroy()
    },
  }
}

const mappingOf = ({
  UUID = '',
  EventSourceArn = '',
  FunctionArn = '',
  State = '',
  LastModified,
}: EventSourceMappingConfiguration): EventMapping => ({
  ...{ id: UUID, queueArn: EventSourceArn, functionName: FunctionArn },
  ...{ state: states[State] ?? 'changing', changedAt: LastModified?.getTime() ?? 0 },
})

/** As a mapping hands a message over. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
const recordOf =
  (queueArn: string) =>
  (body: string, n: number): object => ({
    ...{ messageId: `silversmith-${n}`, receiptHandle: 'none', body },
    ...{ attributes: {}, messageAttributes: {}, eventSource: 'aws:sqs', eventSourceARN: queueArn },
    md5OfBody: createHash('md5').update(body).digest('hex'),
    awsRegion: queueArn.split(':')[3] ?? '',
  })
