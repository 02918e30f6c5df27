import { isFault } from '@silversmith/core'
import type { Context } from 'aws-lambda'

/** Names faults by their code: Lambda answers with the name of an error, and by that Step Functions knows which to try again. */
export const withFaultNames =
  <Output>(handler: (event: unknown, context: Context) => Promise<Output>) =>
  async (event: unknown, context: Context): Promise<Output> => {
    try {
      return await handler(event, context)
    } catch (error) {
      if (isFault(error)) Object.defineProperty(error, 'name', { value: error.code })
      throw error
    }
  }
