import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { reportAtExit } from '../contestant.ts'

/** Process entry: loads a function as Lambda does and gives it one event. Arguments: the bundle, a file with the event. */
const [, , bundle = '', eventFile = ''] = process.argv
const invocationMs = 900_000

reportAtExit()
const { handler } = (await import(pathToFileURL(bundle).href)) as {
  handler: (event: unknown, context: object) => Promise<{ batchItemFailures: readonly unknown[] }>
}
const event: unknown = JSON.parse(await readFile(eventFile, 'utf8'))
const deadline = performance.now() + invocationMs
const { batchItemFailures } = await handler(event, {
  ...{ awsRequestId: '1', functionName: 'transform', functionVersion: '$LATEST' },
  ...{
    memoryLimitInMB: '512',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:1:function:transform',
  },
  getRemainingTimeInMillis: () => Math.max(0, deadline - performance.now()),
})
if (batchItemFailures.length > 0)
  throw new Error(`Error: ${batchItemFailures.length} messages were left`)
// Connections are kept for the next invocation; there is none.
process.exit(0)
