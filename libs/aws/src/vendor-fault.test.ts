import { Fault } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { createAwsClients } from './clients.ts'
import { createS3Store } from './s3-store.ts'
import { faultOf } from './vendor-fault.ts'

const idle = new AbortController().signal

describe('an error of a vendor', () => {
  test('that is a fault already, or a bug of ours, stays what it is', () => {
    for (const error of [new Fault('OBJECT_GONE', 'm'), new TypeError('x is not a function')])
      expect(faultOf('store', error, 'reading s3://b/k')).toBe(error)
  })

  for (const code of [
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
  ])
    test(`from the network (${code}) is unavailable and keeps its cause`, () => {
      const error = Object.assign(new Error(`connect ${code}`), { code })
      for (const service of ['store', 'ledger', 'queue'] as const) {
        const fault = faultOf(service, error, 'working') as Fault
        expect(fault.code).toBe(`${service.toUpperCase()}_UNAVAILABLE`)
        expect(fault.cause).toBe(error)
        expect(fault.message).toContain(code)
      }
    })

  test('after the caller gave up is the end of its time', () => {
    const error = Object.assign(new Error('Request aborted'), { name: 'AbortError' })
    expect(faultOf('queue', error, 'sending', AbortSignal.abort())).toMatchObject({
      code: 'DEADLINE_REACHED',
    })
  })

  test('named like a property every object has is judged by its status', () => {
    const error = Object.assign(new Error('odd'), {
      ...{ name: 'constructor', $metadata: { httpStatusCode: 503 } },
    })
    const fault = faultOf('store', error, 'reading')
    expect(fault).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect((fault as Fault).message).not.toContain('native code')
  })

  test('is cut to a readable length', () => {
    const fault = faultOf('ledger', new Error('x'.repeat(100_000)), 'reading') as Fault
    expect(fault.message.length).toBeLessThan(1_000)
  })
})

describe('a client', () => {
  test('without credentials says what is missing', async () => {
    const credentials = async () => {
      throw Object.assign(new Error('none found'), { name: 'CredentialsProviderError' })
    }
    const clients = createAwsClients({ region: 'us-east-1', credentials, attemptsMax: 1 })
    const store = createS3Store({ client: clients.s3, bucket: 'ours' })
    await expect(store.remove(['k'], idle)).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringContaining('valid credentials'),
    })
    clients.destroy()
  })
})
