import { faults } from '@silversmith/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultOfException, findException } from './exception.ts'
import { judgeInsert } from './reply.ts'

const code = fc.oneof(fc.integer({ min: 0, max: 1_100 }), fc.integer(), fc.constant(NaN))
const words = [
  ...['Code: 60. DB::Exception: ', '(UNKNOWN_TABLE)', '(version 26.7)', 'setting', "'a''b'", '\\'],
  ...['partitions for single INSERT', '\n', '   ', '(', ')', '1', 'Table a.b does not exist.'],
]
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
)
const status = fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined })

const secret = 'learner-4711'

test('every exception is a fault of the target', () => {
  fc.assert(
    fc.property(code, text, status, (number, own, answered) => {
      const exception = {
        code: number,
        text: own,
        ...(answered !== undefined && { status: answered }),
      }
      const fault = faultOfException(exception, 'INSERT into t')
      expect(fault.code).toMatch(/^TARGET_/)
      expect(faults[fault.code]).toBeDefined()
      expect(fault.message).toContain('INSERT into t')
      expect(fault.message.length).toBeLessThan(700)
    }),
    { numRuns: 2_000 },
  )
})

test('no exception quotes a value of a row', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_100 }), text, text, (number, before, after) => {
      const quoted = `Code: ${number}. DB::Exception: ${before.replaceAll("'", '')} '${secret}' ${after}`
      expect(faultOfException({ code: number, text: quoted }, 'INSERT').message).not.toContain(
        secret,
      )
    }),
    { numRuns: 2_000 },
  )
})

test('an INSERT counts as done by one answer only, whatever else is answered', () => {
  const header = fc.option(fc.oneof(fc.constantFrom('q', '60', 'x'), fc.string()), {
    nil: undefined,
  })
  const reply = fc.record({
    status: fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 599 })),
    exceptionCode: header,
    queryId: header,
    complete: fc.boolean(),
    body: fc.oneof(fc.constantFrom('', ' \n'), text),
  })
  fc.assert(
    fc.property(reply, (given) => {
      const { status: answered, exceptionCode, queryId, complete, body } = given
      const isSound = answered === 200 && complete && body.trim() === ''
      const isDone = isSound && exceptionCode === undefined && queryId === 'q'
      const fault = judgeInsert(given, 'q', 'INSERT')
      expect(fault === undefined).toBe(isDone)
      if (fault) expect(fault.code).toMatch(/^TARGET_/)
    }),
    { numRuns: 3_000 },
  )
})

test('the code of an exception is found wherever it stands in a body', () => {
  const around = fc.string().filter((one) => !/Code: \d/.test(one))
  fc.assert(
    fc.property(fc.nat(1_100), around, around, (number, before, after) => {
      const body = `${before} Code: ${number}. DB::Exception: ${after}`
      expect(findException(body)?.code).toBe(number)
      expect(findException(before)).toBeUndefined()
    }),
  )
})
