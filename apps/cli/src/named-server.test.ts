import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runMigrate } from './migrate.ts'

let server: Server
let environment: NodeJS.ProcessEnv
const { signal } = new AbortController()

/** Answers as a ClickHouse without any table does. */
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{"meta":[],"data":[],"rows":0}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  environment = { CLICKHOUSE_URL: `http://127.0.0.1:${port}`, CLICKHOUSE_DATABASE: 'mine' }
})
afterAll(() => server.close())

it('plans the grants of a user that only inserts, as comments', async () => {
  const command = { kind: 'migrate', plan: true, user: 'loader', json: false } as const
  const { document, text } = await runMigrate(command, environment, signal)
  const { grants } = document as { readonly grants: readonly string[] }
  for (const table of ['raw_events', '_reloads'])
    expect(grants).toContain(`GRANT INSERT ON \`mine\`.\`${table}\` TO \`loader\``)
  expect(grants.filter((grant) => /SELECT ON `mine`|ALL|CREATE|DROP/.test(grant))).toEqual([])
  expect(text).toMatch(/CREATE TABLE [^]*;\n[^]*-- .*loader must have been created/)
  for (const grant of grants) expect(text.split('\n')).toContain(`-- ${grant};`)
})
