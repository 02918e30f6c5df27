import { type FaultCode, isFault } from '@silversmith/core'

/**
 * An error in words fit for a log. A Fault's message is ours; anything else is a bug, told by its name and place only, for its
 * message may quote the data it stumbled over.
 */
export const describeFailure = (error: unknown): { code: FaultCode | 'BUG'; message: string } => {
  if (isFault(error)) return { code: error.code, message: error.message }
  if (!(error instanceof Error))
    return { code: 'BUG', message: 'something that is no Error was thrown' }
  const frame = error.stack?.split('\n').find((line) => /^\s+at /.test(line))
  return { code: 'BUG', message: `${error.name}${frame ? ` ${frame.trim()}` : ''}` }
}
