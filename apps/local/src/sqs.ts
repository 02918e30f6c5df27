import { buildApp } from 'fauxqs'
import type { AddressInfo } from 'node:net'

/** A server of the stack: where it answers, and how it ends. */
export interface LocalServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * SQS in memory, on this machine's loopback only. Queues are named by `<url>/000000000000/<name>`; the URLs that the server
 * itself gives (`sqs.us-east-1.localhost`) are not resolved everywhere.
 */
export const startSqs = async (): Promise<LocalServer> => {
  const app = buildApp({ logger: false })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => app.close() }
}
