import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { createAwsClients } from '@silversmith/aws'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startDynamoDb } from './dynamodb.ts'

test('a client that dies amid a request takes nobody with it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'silversmith-dynamodb-'))
  const server = await startDynamoDb(dir)
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const head = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n'
  socket.write(`${head}{"TableName"`)
  // The server has read the head of the request when it answers it.
  await once(socket, 'data')
  socket.resetAndDestroy()

  const clients = createAwsClients({
    region: 'us-east-1',
    endpoints: { dynamodb: server.url },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  expect(await clients.dynamodb.send(new ListTablesCommand({}))).toMatchObject({ TableNames: [] })
  clients.destroy()
  await server.close()
  await rm(dir, { recursive: true, force: true })
})
