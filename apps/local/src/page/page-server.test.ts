import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LocalServer } from '../sqs.ts'
import { readAssets } from './asset.ts'
import type { DroppedFile } from './drops.ts'
import { startPageServer, uploadBytesMax } from './page-server.ts'
import type { Drop, Hello } from './tick.ts'
import { createViewers } from './viewers.ts'

const loaded: { readonly key: string; readonly text: string }[] = []
const asked: string[] = []
const viewers = createViewers()

const load = async ({ key, body, sizeBytes }: DroppedFile): Promise<Drop> => {
  if (key === 'away') throw new Error('S3 is away')
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  loaded.push({ key, text: Buffer.concat(parts).toString() })
  return { id: loaded.length, key, sizeBytes, at: 1, state: 'loading', known: false }
}

let server: LocalServer
beforeAll(async () => {
  server = await startPageServer({
    assets: await readAssets(),
    viewers,
    hello: () => ({ dir: 'here' }) as Hello,
    drops: { load, settle: () => Promise.resolve([]), list: () => [] },
    ask: (statement) => {
      asked.push(statement)
      return Promise.resolve({ columns: [], rows: [], isCut: false, ms: 1 })
    },
  })
})
afterAll(() => server.close())

type Headers = Readonly<Record<string, string>>

const withoutEmpty = (all: Headers): Headers =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))

/** As a browser sends it, or as somebody else does. */
const send = (method: string, path: string, headers: Headers = {}, body = '') => {
  const { origin, host } = new URL(server.url)
  return new Promise<{
    status: number | undefined
    text: string
    headers: IncomingMessage['headers']
  }>((resolve, reject) => {
    const own = method === 'POST' ? { origin } : {}
    const sent = request(new URL(path, server.url), {
      method,
      headers: withoutEmpty({
        ...{ host, 'content-length': String(Buffer.byteLength(body)) },
        ...own,
        ...headers,
      }),
    })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      let text = ''
      answer.on('data', (part: Buffer) => (text += part.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode, text, headers: answer.headers }))
    })
    sent.end(body)
  })
}

it('gives the page and every module that it names, closed to what comes from elsewhere', async () => {
  const page = await send('GET', '/')
  expect(page.status).toBe(200)
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
  expect(page.headers).not.toHaveProperty('access-control-allow-origin')
  const seen = new Set<string>()
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return
    seen.add(path)
    const { status, text, headers } = await send('GET', path)
    expect({ path, status }).toEqual({ path, status: 200 })
    expect(headers['content-type']).toMatch(/^text\//)
    for (const [, name = ''] of text.matchAll(/^import .*from '([^']+)'/gm))
      await visit(new URL(name, new URL(path, server.url)).pathname)
  }
  for (const [, path = ''] of page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) await visit(path)
  expect([...seen]).toEqual(expect.arrayContaining(['/style.css', '/browser/curve.ts']))
  for (const path of ['/page.ts', '/browser/../page.ts', '/browser/', '/objects', '/query'])
    expect((await send('GET', path)).status).toBe(404)
})

it('takes a file under its key, and says in words why it does not', async () => {
  const key = 'section/a b+ü.jsonl'
  const stored = await send('POST', `/objects?key=${encodeURIComponent(key)}`, {}, 'line\n')
  expect(stored.status).toBe(200)
  expect(loaded).toEqual([{ key, text: 'line\n' }])
  const refused = async (path: string, headers: Headers = {}) => {
    const { status, text } = await send('POST', path, headers)
    return [status, (JSON.parse(text) as { error: string }).error]
  }
  expect(await refused('/objects')).toEqual([400, expect.stringContaining('1 to 1024 bytes')])
  expect(await refused('/objects?key=folder/')).toEqual([400, expect.anything()])
  expect(await refused(`/objects?key=${'x'.repeat(1025)}`)).toEqual([400, expect.anything()])
  expect(await refused('/objects?key=away')).toEqual([500, 'S3 is away'])
  const unsized = { 'content-length': '', 'transfer-encoding': 'chunked' }
  expect(await refused('/objects?key=a', unsized)).toEqual([411, expect.anything()])
  expect(loaded.length).toBe(1)
})

it('refuses a file that is too large before it takes a byte of it', async () => {
  const { origin, host } = new URL(server.url)
  const sent = request(new URL('/objects?key=large', server.url), {
    method: 'POST',
    headers: { host, origin, 'content-length': uploadBytesMax + 1 },
  })
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.flushHeaders()
  })
  expect(answer.statusCode).toBe(413)
  sent.on('error', () => undefined)
  sent.destroy()
  expect(loaded.map(({ key }) => key)).not.toContain('large')
})

it('does nothing for another page', async () => {
  const statement = JSON.stringify({ statement: 'SELECT 1' })
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: '' },
    { host: 'evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ] as Headers[]) {
    expect((await send('POST', '/query', headers, statement)).status).toBe(403)
    expect((await send('POST', '/objects?key=evil', headers, 'x')).status).toBe(403)
  }
  for (const path of ['/', '/events'])
    expect((await send('GET', path, { host: 'evil.example' })).status).toBe(403)
  expect(asked).toEqual([])
  expect(loaded.map(({ key }) => key)).not.toContain('evil')
  expect((await send('POST', '/query', {}, statement)).status).toBe(200)
  expect((await send('POST', '/query', {}, '[')).status).toBe(400)
  expect((await send('POST', '/query', {}, `"${'x'.repeat(700_000)}"`)).status).toBe(413)
  expect(asked).toEqual(['SELECT 1'])
})

it('tells every viewer where things stand first, then what changes; not too many of them', async () => {
  const { host } = new URL(server.url)
  const watch = async () => {
    const sent = request(new URL('/events', server.url), { headers: { host } })
    sent.end()
    const answer = await new Promise<IncomingMessage>((resolve) => sent.on('response', resolve))
    let text = ''
    answer.on('data', (part: Buffer) => (text += part.toString()))
    answer.on('error', () => undefined)
    return { status: answer.statusCode, text: () => text, leave: () => sent.destroy() }
  }
  const all = []
  for (let n = 0; n < 21; n++) all.push(await watch())
  expect(all.map(({ status }) => status)).toEqual([...Array<number>(20).fill(200), 503])
  viewers.tell('tick', { n: 1 })
  await expect
    .poll(all[0]?.text ?? String, { timeout: 60_000 })
    .toMatch(/event: hello\ndata: \{"dir":"here"\}\n\nevent: tick\ndata: \{"n":1\}\n\n$/)
  for (const { leave } of all) leave()
  await expect.poll(async () => (await watch()).status, { timeout: 60_000 }).toBe(200)
})
