import { Fault } from '@silversmith/core'
import type { Context } from 'aws-lambda'
import { expect, test } from 'vitest'
import { withFaultNames } from './fault-names.ts'

const failing = (error: Error) => withFaultNames(() => Promise.reject(error))({}, {} as Context)

test('a fault is named by its code, for Lambda tells nothing else of it', async () => {
  const fault = new Fault('LEDGER_UNAVAILABLE', 'throttled')
  await expect(failing(fault)).rejects.toBe(fault)
  expect(fault.name).toBe('LEDGER_UNAVAILABLE')
  await expect(failing(new TypeError('a bug'))).rejects.toMatchObject({ name: 'TypeError' })
})
