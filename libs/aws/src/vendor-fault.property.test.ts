import { Fault, faults, isFault } from '@silversmith/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultOf, type Service } from './vendor-fault.ts'

const service = fc.constantFrom<Service>('store', 'ledger', 'queue')

/** An error as an SDK, the network or a bug may throw it. */
const errorOf = fc
  .record(
    {
      name: fc.oneof(
        fc.constantFrom('SlowDown', 'AccessDenied', 'NoSuchBucket', 'TimeoutError', 'Unknown', ''),
        fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty'),
        fc.string(),
      ),
      message: fc.oneof(fc.string(), fc.string({ minLength: 2_000, maxLength: 3_000 })),
      $metadata: fc.record(
        { httpStatusCode: fc.oneof(fc.integer({ min: 100, max: 599 }), fc.integer()) },
        { requiredKeys: [] },
      ),
      code: fc.constantFrom('ECONNRESET', 'EPIPE', ''),
    },
    { requiredKeys: [] },
  )
  .map((fields) => Object.assign(new Error('boom'), fields))

test('every error of a vendor is a fault of its service, with a short message', () => {
  fc.assert(
    fc.property(service, errorOf, (of, error) => {
      const fault = faultOf(of, error, 'reading s3://b/k')
      expect(isFault(fault)).toBe(true)
      const { code, message, meaning } = fault as Fault
      expect(code).toMatch(new RegExp(`^${of.toUpperCase()}_(UNAVAILABLE|DENIED)$`))
      expect(['retry', 'fix']).toContain(meaning)
      expect(message).toContain('reading s3://b/k')
      expect(message.length).toBeLessThan(1_000)
      expect((fault as Fault).cause).toBe(error)
    }),
    { numRuns: 2_000 },
  )
})

test('whatever is thrown, and it may be no error at all, is a fault or a bug given back', () => {
  const thrown = fc.oneof(
    fc.anything(),
    fc.anything().map((cause) => new Error('x', { cause })),
    fc.string().map((text) => new TypeError(text)),
    fc
      .constantFrom(...(Object.keys(faults) as (keyof typeof faults)[]))
      .map((code) => new Fault(code, '')),
  )
  fc.assert(
    fc.property(service, thrown, fc.boolean(), (of, error, isStopped) => {
      const signal = isStopped ? AbortSignal.abort() : undefined
      const given = faultOf(of, error, 'working', signal)
      if (isFault(error)) expect(given).toBe(error)
      else if (isStopped) expect(isFault(given, 'DEADLINE_REACHED')).toBe(true)
      else if (!isFault(given)) expect(given).toBe(error)
    }),
    { numRuns: 2_000 },
  )
})
