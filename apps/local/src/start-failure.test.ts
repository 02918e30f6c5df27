import { settingsInvalid } from '@silversmith/core'
import { expect, it } from 'vitest'
import { startFailure } from './start-failure.ts'
import { UsageError } from './usage-error.ts'

it.each([[['ROUTES must be JSON']], [['A is missing', 'B is missing']]])(
  'calls settings that are wrong, as a function tells them, wrong usage: %s',
  (problems) => {
    const { name: errorType, message: errorMessage } = settingsInvalid(problems)
    const error = startFailure('ingest', { errorType, errorMessage }, 'logs/ingest.log')
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(/^ingest could not start: \d settings? need/)
    expect(error.message).toContain(problems[0])
    expect(error.message).toMatch(/logs.ingest.log$/)
  },
)

it('calls anything else a failure', () => {
  const failure = { errorType: 'SyntaxError', errorMessage: 'bad' }
  const error = startFailure('bulk', failure, 'logs/bulk.log')
  expect(error).not.toBeInstanceOf(UsageError)
  expect(error.message).toBe('bulk could not start: SyntaxError: bad (logs/bulk.log)')
})
