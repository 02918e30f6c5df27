import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { tallyRequests } from './request-tally.ts'
import { spendingOf, writeSpending } from './spending.ts'

/**
 * Loaded into the processes of the functions before their own code (`--import`), which it leaves as it is: tells on standard
 * output what the process has spent, each time it answers an invocation.
 */
const tallies = tallyRequests()
subscribe('http.client.request.created', (message) => {
  const { request } = message as { readonly request: ClientRequest }
  if (/^\/2018-06-01\/runtime\/invocation\/[^/]+\/(response|error)$/.test(request.path))
    process.stdout.write(`${writeSpending(spendingOf(tallies()))}\n`)
})
