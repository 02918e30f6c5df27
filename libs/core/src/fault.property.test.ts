import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fault, type FaultCode, faults, isFault } from './fault.ts'

const codes = Object.keys(faults) as FaultCode[]

test('every fault has a meaning, and is known by its own code only', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...codes),
      fc.constantFrom(...codes),
      fc.string(),
      (code, other, text) => {
        const fault = new Fault(code, text)
        expect(['retry', 'fix', 'refuse']).toContain(fault.meaning)
        expect(isFault(fault)).toBe(true)
        expect(isFault(fault, other)).toBe(code === other)
      },
    ),
  )
})

test('nothing else is a fault', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(isFault(value)).toBe(false)
      expect(isFault({ name: 'Fault', code: codes[0], cause: value })).toBe(false)
    }),
  )
})
