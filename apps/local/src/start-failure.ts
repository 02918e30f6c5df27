import { UsageError } from './usage-error.ts'

interface Failure {
  readonly errorType: string
  readonly errorMessage: string
}

/** Begins the text of SETTINGS_INVALID, which is all that leaves the process of a function. */
const isAboutSettings = ({ errorType, errorMessage }: Failure): boolean =>
  errorType === 'Fault' && /^\d+ settings? needs? attention/.test(errorMessage)

/** Why a function could not start, and where its log is. Settings are the person's: those are wrong usage. */
export const startFailure = (name: string, failure: Failure, log: string): Error => {
  const { errorType, errorMessage } = failure
  return isAboutSettings(failure)
    ? new UsageError(`${name} could not start: ${errorMessage}\nits log: ${log}`)
    : new Error(`${name} could not start: ${errorType}: ${errorMessage} (${log})`)
}
