import dynalite from 'dynalite'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LocalServer } from './sqs.ts'

/** DynamoDB, kept in `dir`, on this machine's loopback only. Tables are ready as soon as they are made. */
export const startDynamoDb = async (dir: string): Promise<LocalServer> => {
  const server = dynalite({ path: dir, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  // After dynalite's own listener, which throws: a client that dies amid a request would end this process.
  server.on('request', (request: IncomingMessage) => {
    request.removeAllListeners('error')
    request.on('error', () => undefined)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error?: Error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}
