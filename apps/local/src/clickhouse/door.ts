import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { loadChdb } from './chdb.ts'
import type { Chdb, ChdbResult, ChdbSession } from './chdb.ts'
import { readEngineError, statusOf } from './exception.ts'
import { insertFromFile, preparationsOf, readDataInsert } from './statement.ts'

/**
 * Process entry: the real ClickHouse engine behind the part of ClickHouse's HTTP interface that ordinary clients use.
 *
 *     node door.ts --dir DIR [--port 0]
 *
 * Prints `{"port":…}` on stdout when it listens on 127.0.0.1, or `{"problem":"…"}` and leaves with 1. Users and passwords
 * are ignored. Not there: streaming of results, cancelling, sessions, errors after the first byte.
 */

const requestBytesMax = 256 * 1024 * 1024

const listen = async (dir: string, port: number): Promise<void> => {
  const chdb = await loadChdb()
  if (!chdb) {
    print({
      problem: `the ClickHouse engine (npm package chdb) has no binary for ${process.platform} ${process.arch} here`,
    })
    process.exitCode = 1
    return
  }
  const bodies = join(dir, 'bodies')
  await rm(bodies, { recursive: true, force: true })
  await mkdir(bodies, { recursive: true })
  const open = openerOf(chdb, join(dir, 'data'))
  // Held open: the engine lives as long as one session does.
  const keeper = open()
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(open, bodies, request, response).catch(() => response.destroy())
  })
  const stop = (): void => {
    server.close(() => {
      keeper.close()
      process.exit(0)
    })
    server.closeIdleConnections()
  }
  process.once('SIGTERM', stop)
  // Started with a channel: whoever started it is gone when the channel is.
  // A Ctrl-C reaches the whole group of processes, and whoever started the door says when it is no longer needed.
  if (process.connected) {
    process.once('disconnect', () => process.exit(0))
    process.on('SIGINT', () => undefined)
  }
  server.listen(port, '127.0.0.1', () => print({ port: (server.address() as AddressInfo).port }))
}

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

type Open = () => ChdbSession

const openerOf =
  (chdb: Chdb, path: string): Open =>
  () =>
    new chdb.Session(path, { connectionArgs: ['--session_timezone=UTC'] })

const answer = async (
  open: Open,
  bodies: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://door')
  if (request.method === 'GET' && (url.pathname === '/ping' || !url.searchParams.has('query'))) {
    response.end('Ok.\n')
    return
  }
  const body = await readBody(request)
  if (!body) {
    response.writeHead(413).end(`The body is larger than ${requestBytesMax} bytes\n`)
    return
  }
  const queryId = url.searchParams.get('query_id') ?? randomUUID()
  const format =
    url.searchParams.get('default_format') ??
    headerOf(request, 'x-clickhouse-format') ??
    'TabSeparated'
  response.setHeader('x-clickhouse-query-id', queryId)
  response.setHeader('x-clickhouse-format', format)
  response.setHeader('x-clickhouse-timezone', 'UTC')
  try {
    const statement = url.searchParams.get('query')
    const result = await run(open, bodies, {
      statement,
      body,
      format,
      parameters: url.searchParams,
    })
    response.setHeader('x-clickhouse-summary', JSON.stringify(summaryOf(result)))
    send(request, response, 200, Buffer.from(result.bytes()))
  } catch (error) {
    const { code, message } = readEngineError(error)
    response.setHeader('x-clickhouse-exception-code', code)
    send(request, response, statusOf(code), Buffer.from(`${message}\n`))
  }
}

interface Question {
  /** From the URL; with none the body is the statement. */
  readonly statement: string | null
  readonly body: Buffer
  readonly format: string
  readonly parameters: URLSearchParams
}

/** A session of its own for each request: settings of one never reach another. */
const run = async (open: Open, bodies: string, question: Question): Promise<ChdbResult> => {
  const { statement, body, format, parameters } = question
  const session = open()
  try {
    for (const preparation of preparationsOf(parameters)) session.query(preparation)
    const text = statement === null ? body.toString('utf8') : statement
    const data = statement === null ? undefined : readDataInsert(statement)
    if (!data || body.length === 0) {
      const rest = statement === null ? '' : `\n${body.toString('utf8')}`
      return await session.queryAsync(text + rest, { format })
    }
    const path = join(bodies, randomUUID())
    await writeFile(path, body)
    try {
      return await session.queryAsync(insertFromFile(data, path), { format })
    } finally {
      await rm(path, { force: true })
    }
  } finally {
    session.close()
  }
}

const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (sizeBytes > requestBytesMax) return undefined
    parts.push(part)
  }
  const whole = Buffer.concat(parts)
  return headerOf(request, 'content-encoding') === 'gzip'
    ? gunzipSync(whole, { maxOutputLength: requestBytesMax })
    : whole
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

const summaryOf = ({ rowsRead, bytesRead, elapsed }: ChdbResult) => ({
  read_rows: String(rowsRead),
  read_bytes: String(bytesRead),
  elapsed_ns: String(Math.round(elapsed * 1e9)),
})

const send = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: Buffer,
): void => {
  const gzip = /\bgzip\b/.test(headerOf(request, 'accept-encoding') ?? '') && body.length > 0
  const sent = gzip ? gzipSync(body) : body
  response.writeHead(status, {
    ...(gzip && { 'content-encoding': 'gzip' }),
    'content-length': sent.length,
  })
  response.end(sent)
}

const { values } = parseArgs({
  options: { dir: { type: 'string' }, port: { type: 'string', default: '0' } },
})
if (!values.dir) throw new Error('usage: node door.ts --dir DIR [--port N]')
await listen(values.dir, Number(values.port))
