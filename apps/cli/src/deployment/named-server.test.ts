import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runHead } from '../table/head.ts'
import { runMigrate } from '../table/migrate.ts'
import { runQuery } from '../table/query.ts'
import { UsageError } from '../usage-error.ts'

let server: Server
let environment: NodeJS.ProcessEnv
let lastQuestion = ''
const { signal } = new AbortController()

const refusal = (code: number, text: string) => ({
  status: code === 60 ? 404 : 400,
  headers: { 'x-clickhouse-exception-code': String(code) },
  body: `Code: ${code}. DB::Exception: ${text} (version 26.7.1.1 (official build))\n`,
})

/** Answers as a ClickHouse does that has two tables, which nothing but the prompt's own questions finds. */
const answerTo = (statement: string, url: string) => {
  if (statement.includes('nope')) return refusal(60, 'Unknown table nope. (UNKNOWN_TABLE)')
  if (statement.includes('wrong'))
    return refusal(47, `Unknown identifier wrong. ${'x'.repeat(600)} (UNKNOWN_IDENTIFIER)`)
  if (statement.includes('proxy')) return { status: 502, headers: {}, body: '<h1>Bad Gateway</h1>' }
  if (statement.includes('a row'))
    return {
      status: 200,
      headers: {},
      body: '{"meta":[],"data":[{"text":"silversmith batch list"}]}',
    }
  const isNames = statement.includes('currentDatabase()') && url.includes('database=mine')
  const data = isNames ? [{ name: '_reloads' }, { name: 'raw_events' }] : []
  return { status: 200, headers: {}, body: JSON.stringify({ meta: [], data }) }
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      lastQuestion = Buffer.concat(parts).toString()
      const { status, headers, body } = answerTo(lastQuestion, request.url ?? '')
      response.writeHead(status, headers)
      response.end(body)
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
  const { grants: all } = document as { grants: Record<'writer' | 'inspector', string[]> }
  const grants = all.writer
  for (const table of ['raw_events', '_reloads'])
    expect(grants).toContain(`GRANT INSERT ON \`mine\`.\`${table}\` TO \`loader\``)
  expect(grants.filter((grant) => /SELECT ON `mine`|ALL|CREATE|DROP/.test(grant))).toEqual([])
  expect(text).toMatch(/CREATE TABLE [^]*;\n[^]*-- .*loader must have been created/)
  for (const grant of [...grants, ...all.inspector])
    expect(text.split('\n')).toContain(`-- ${grant};`)
})

const query = (statement: string, given = environment) =>
  runQuery({ kind: 'query', statement, dir: undefined, json: false }, given, signal)

it('prints rows as they are, be there the name of a command in them', async () => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const args = [main, 'query', "SELECT 'a row'", '--json']
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, ...environment },
  })
  expect(JSON.parse(stdout)).toEqual([{ text: 'silversmith batch list' }])
})

it("tells in the server's own words why it refused a question, and which code that is", async () => {
  const told = await query('SELECT wrong').catch((error: Error) => error.message)
  expect(told).toMatch(/^ClickHouse says \(code 47\): Unknown identifier wrong\. x+$/)
  expect(String(told).length).toBeLessThan(530)
  expect(told).not.toMatch(/batch|migration/)
  const name = await query('SELECT 1 FROM nope').catch((error: Error) => error.message)
  expect(name).toBe('ClickHouse says (code 60): Unknown table nope. (UNKNOWN_TABLE)')
})

it('says when it is no ClickHouse that answers, and when nothing does', async () => {
  await expect(query('SELECT proxy')).rejects.toThrow(/HTTP 502 without .*ClickHouse/)
  const gone = createServer()
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`
  await new Promise((resolve) => gone.close(resolve))
  await expect(query('SELECT 1', { CLICKHOUSE_URL: url })).rejects.toThrow(
    `no whole answer from ${url} (ECONNREFUSED)`,
  )
})

it('asks the stack of a --dir, whatever server the environment names', async () => {
  const asked = { dir: '/nowhere', json: false }
  const queried = runQuery({ kind: 'query', statement: 'SELECT 1', ...asked }, environment, signal)
  await expect(queried).rejects.toThrow(/no local stack with one runs in \/nowhere/)
  const head = runHead({ kind: 'head', table: 't', limit: 1, ...asked }, environment, signal)
  await expect(head).rejects.toThrow(/\/nowhere\/silver\/t holds no files/)
})

it('names the tables there are when asked for one that is not', async () => {
  const head = (table: string) =>
    runHead({ kind: 'head', table, limit: 1, dir: undefined, json: false }, environment, signal)
  await expect(head('nope')).rejects.toThrow(UsageError)
  await expect(head('nope')).rejects.toThrow(
    'there is no table nope in the database mine; there are _reloads, raw_events',
  )
  await expect(head('wrong')).rejects.toThrow(/code 47/)
})

it('asks for the first bytes of a body only', async () => {
  const head = (table: string) =>
    runHead({ kind: 'head', table, limit: 1, dir: undefined, json: false }, environment, signal)
  await head('raw_objects')
  expect(lastQuestion).toMatch(
    /^SELECT \* REPLACE \(concat\(hex\(substring\(`body`, 1, 32\)\), .* AS `body`\) FROM/,
  )
  await head('raw_events')
  expect(lastQuestion).toMatch(/^SELECT \* FROM/)
})
