import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import {
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import type { Batch } from '@silversmith/core'
import { describeLedger } from '@silversmith/simulation'
import dynalite from 'dynalite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AwsClients } from './clients.ts'
import { createAwsClients } from './clients.ts'
import { createDynamoLedger } from './dynamo-ledger.ts'
import { idempotencyTableDefinition, ledgerTableDefinition } from './table-definition.ts'

const tableName = 'ledger'
const idle = new AbortController().signal
let server: Server
let clients: AwsClients

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  clients = createAwsClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoints: { dynamodb: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  })
  for (const definition of [
    ledgerTableDefinition(tableName),
    idempotencyTableDefinition('idempotency'),
  ]) {
    await clients.dynamodb.send(new CreateTableCommand(definition))
    const waiter = { client: clients.dynamodb, minDelay: 0.05, maxDelay: 0.2, maxWaitTime: 10 }
    await waitUntilTableExists(waiter, { TableName: definition.TableName })
  }
})

afterAll(async () => {
  clients.destroy()
  await new Promise((resolve) => server.close(resolve))
})

const createLedger = () => createDynamoLedger({ client: clients.dynamodb, tableName })

describeLedger('DynamoDB adapter on dynalite', async () => ({ ledger: createLedger() }))

describe('a ledger on DynamoDB', () => {
  const batch: Batch = {
    kind: 'batch',
    id: 'stored-shape',
    pipeline: 'p',
    state: 'F',
    owner: 'me',
    leaseUntil: 5,
    sourceCount: 1,
  }
  const storedBatch = async () => {
    const get = new GetItemCommand({ TableName: tableName, Key: { pk: { S: `B#${batch.id}` } } })
    return (await clients.dynamodb.send(get)).Item
  }

  test('puts a batch into the index only while it is forming or sealed', async () => {
    const ledger = createLedger()
    for (const [revision, [state, isOpen]] of (
      [
        ['F', true],
        ['S', true],
        ['C', false],
      ] as const
    ).entries()) {
      await ledger.write({ ...batch, state }, revision, idle)
      const stored = await storedBatch()
      expect(stored?.['rev']).toEqual({ N: String(revision + 1) })
      expect(/^OPEN#[0-3]#p$/.test(stored?.['openShard']?.S ?? '')).toBe(isOpen)
    }
  })

  test('spreads open batches over four shards and still lists the oldest of all first', async () => {
    const ledger = createLedger()
    const ids = Array.from({ length: 24 }, (_, n) => `spread-${n}`)
    for (const [n, id] of ids.entries())
      await ledger.write({ ...batch, id, leaseUntil: -1000 + n }, 0, idle)
    expect(await ledger.listOpen('p', 0, 7, idle)).toEqual(ids.slice(0, 7))
    expect(await ledger.listOpen('p', -990, 100, idle)).toEqual(ids.slice(0, 10))
    expect(await ledger.listOpen('p', 0, 0, idle)).toEqual([])
  })

  test('refuses an item over 4 KB before it is sent', async () => {
    const done = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`target-${n}`, n]))
    await expect(createLedger().write({ ...batch, id: 'big', done }, 0, idle)).rejects.toThrow(
      RangeError,
    )
  })

  test('names the table to create when there is none', async () => {
    const ledger = createDynamoLedger({ client: clients.dynamodb, tableName: 'nowhere' })
    for (const call of [
      ledger.read([{ kind: 'batch', id: 'x' }], idle),
      ledger.write(batch, 0, idle),
      ledger.listOpen('p', 1, 1, idle),
    ])
      await expect(call).rejects.toMatchObject({
        code: 'LEDGER_DENIED',
        message: expect.stringMatching(/nowhere.*create the table/s),
      })
  })

  test('names the item of a stranger in the table', async () => {
    const Item = { pk: { S: 'O#stranger' }, colour: { S: 'red' } }
    await clients.dynamodb.send(new PutItemCommand({ TableName: tableName, Item }))
    await expect(
      createLedger().read([{ kind: 'claim', id: 'stranger' }], idle),
    ).rejects.toMatchObject({
      code: 'LEDGER_DENIED',
      message: expect.stringContaining('O#stranger'),
    })
  })
})
