import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import type { Backend } from './backend.ts'
import { createBlobs } from './blobs.ts'
import { createCatalog } from './catalog.ts'
import { createRaces } from './conditions.ts'
import { openDatabase } from './database.ts'
import { s3Limits } from './limits.ts'
import { createListing } from './listing.ts'
import type { OnNotification } from './notification.ts'
import { writeNotification } from './notification.ts'
import type { Reply } from './reply.ts'
import { errorReply, sendReply } from './reply.ts'
import type { S3Request } from './request.ts'
import { createRequestId, readRequest } from './request.ts'
import { runOperation } from './routes.ts'
import { S3Error } from './s3-error.ts'
import { createUploads } from './uploads.ts'

export interface S3ServerOptions {
  /** Everything is kept here; a server started again on it goes on where the last one ended. */
  readonly dir: string
  /** 0 (default): any free one. */
  readonly port?: number
  /** Default `us-east-1`. */
  readonly region?: string
  readonly onNotification?: OnNotification
  /** Told of bugs: what was thrown that is no S3 error. Default: stderr. */
  readonly onBug?: (error: unknown) => void
}

export interface S3Server {
  readonly url: string
  readonly port: number
  /** Waits for requests under way (at most `s3Limits.closeMs`), then cuts them. */
  close(): Promise<void>
}

/**
 * S3 for one machine: disk-backed, streaming, with versions, conditional writes, multipart and notifications. Any
 * credentials are accepted, so it listens on 127.0.0.1 only. Throws when `dir` is in use by another server.
 */
export const createS3Server = async (options: S3ServerOptions): Promise<S3Server> => {
  const onBug = options.onBug ?? ((error: unknown) => console.error(error))
  const database = openDatabase(options.dir)
  const region = options.region ?? 'us-east-1'
  const catalog = createCatalog(database, Date.now)
  const blobs = createBlobs(join(options.dir, 'blobs'))
  blobs.sweep(catalog.knownBlobs())
  const backend: Backend = {
    region,
    catalog,
    blobs,
    uploads: createUploads(database, Date.now),
    listing: createListing(database),
    races: createRaces(),
    notify: async (happening, request) =>
      options.onNotification?.(writeNotification(happening, request, region)),
  }

  const running = new Set<Promise<void>>()
  const accept = (incoming: IncomingMessage, response: ServerResponse, waiting: boolean): void => {
    const work = serve(backend, { incoming, response, waiting }, onBug)
    running.add(work)
    void work.finally(() => running.delete(work))
  }
  const server = createServer({ keepAliveTimeout: s3Limits.idleMs, requestTimeout: 0 })
  server.timeout = s3Limits.idleMs
  server.on('request', (incoming, response) => accept(incoming, response, false))
  server.on('checkContinue', (incoming, response) => accept(incoming, response, true))
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port ?? 0, '127.0.0.1', resolve)
    })
  } catch (error) {
    database.close()
    throw error
  }
  const { port } = server.address() as AddressInfo

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), s3Limits.closeMs)
      await closed
      clearTimeout(cut)
      await Promise.all(running)
      database.close()
    },
  }
}

interface Exchange {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  /** The client waits for 100 Continue before it sends the body. */
  readonly waiting: boolean
}

const internalError = (): S3Error =>
  new S3Error('InternalError', 'We encountered an internal error. Please try again.')

// Never rejects: whatever happens becomes an answer or, where one has begun, a cut connection.
const serve = async (
  backend: Backend,
  { incoming, response, waiting }: Exchange,
  onBug: (error: unknown) => void,
): Promise<void> => {
  const id = createRequestId()
  let asked = false
  const openBody = (): IncomingMessage => {
    if (waiting && !asked) response.writeContinue()
    asked = true
    return incoming
  }
  const reply = await answer(backend, { incoming, id, openBody }, onBug)
  // What is left of a refused body flows away, so that the client comes to read the answer.
  incoming.resume()
  response.setHeader('server', 'AmazonS3')
  response.setHeader('x-amz-request-id', id)
  // A client that was never told to go on may or may not send its body: this connection cannot be used again.
  if (waiting && !asked) response.setHeader('connection', 'close')
  try {
    await sendReply(reply, response)
  } catch (error) {
    if (!incoming.destroyed && !isPrematureClose(error)) onBug(error)
    response.destroy()
  }
}

const isPrematureClose = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'

const answer = async (
  backend: Backend,
  raw: { incoming: IncomingMessage; id: string; openBody: () => IncomingMessage },
  onBug: (error: unknown) => void,
): Promise<Reply> => {
  const { incoming, id } = raw
  const named = { id, method: incoming.method ?? 'GET', path: incoming.url?.split('?')[0] ?? '/' }
  try {
    const request: S3Request = readRequest(id, incoming, raw.openBody)
    return await runOperation(backend, request)
  } catch (error) {
    if (error instanceof S3Error) return errorReply(error, named)
    // The client hung up in the middle of its body: nobody reads the answer.
    if (!incoming.errored) onBug(error)
    return errorReply(internalError(), named)
  }
}
