import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findDeployment, readDeployment } from './deployment.ts'
import { deploymentSettings } from './deployment-settings.ts'
import { UsageError } from '../usage-error.ts'

let dir: string
const stackSettings = {
  ...{ PIPELINE: 'local', LEDGER_TABLE_NAME: 'local-ledger', SILVER_BUCKET: 'local-silver' },
  ...{ CLICKHOUSE_URL: 'http://127.0.0.1:1', CLICKHOUSE_DATABASE: 'default' },
}
const everything = {
  ...deploymentSettings.bronze,
  ...deploymentSettings.objects,
  ...deploymentSettings.deadLetters,
  ...deploymentSettings.targets,
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-cli-'))
  const stack = { pid: process.pid, settings: stackSettings, credentials: 'any' }
  await writeFile(join(dir, 'stack.json'), JSON.stringify(stack))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const problemsOf = async (environment: Record<string, string>): Promise<string> => {
  const deployment = await findDeployment({ LEDGER_TABLE_NAME: 'l', ...environment }, undefined)
  try {
    readDeployment(deployment, everything)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as Error).message
  }
  return 'none'
}

it('lists everything that is missing or wrong at once, and says how it may be given', async () => {
  const message = await problemsOf({
    TARGETS: 'silver,clickhouse',
    CLICKHOUSE_PASSWORD: 'hunter2',
    ROUTES: '[{"prefix":"","suffixes":[],"dataset":"none"}]',
    OBJECTS_DLQ_URL: 'not a URL',
  })
  for (const part of [
    ...['SILVER_BUCKET is missing', 'BRONZE_BUCKET or S3_XAPI_BUCKET_NAME is missing'],
    ...['OBJECTS_QUEUE_URL or QUEUE_URL is missing', 'ARRIVALS_QUEUE_URL is missing'],
    ...['OBJECTS_DLQ_URL must be', 'the dataset none', 'CLICKHOUSE_URL', 'CLICKHOUSE_DATABASE'],
    '--dir',
  ])
    expect(message).toContain(part)
  expect(message).not.toContain('hunter2')
})

it('takes the settings as the functions do', async () => {
  const environment = {
    ...{ LEDGER_TABLE_NAME: 'ledger', SILVER_BUCKET: 's', BRONZE_BUCKET: 'b1, b2' },
    ...{ QUEUE_URL: 'https://sqs/objects', ARRIVALS_QUEUE_URL: 'https://sqs/arrivals' },
    TARGETS: 'silver',
  }
  const deployment = await findDeployment(environment, undefined)
  expect(readDeployment(deployment, everything)).toMatchObject({
    ...{ pipeline: 'default', ledgerTable: 'ledger', silverBucket: 's', buckets: ['b1', 'b2'] },
    ...{ objectsQueueUrl: 'https://sqs/objects', objectsDeadUrl: undefined, targets: ['silver'] },
    ...{ silverPrefix: 'silver', quarantinePrefix: 'quarantine', clickHouse: undefined },
  })
})

it('works on the local stack that is asked for, whatever the environment describes', async () => {
  const environment = {
    ...{ LEDGER_TABLE_NAME: 'ledger', PIPELINE: 'p', CLICKHOUSE_URL: 'https://elsewhere' },
    CLICKHOUSE_PASSWORD: 'hunter2',
  }
  const found = await findDeployment(environment, dir)
  expect(found.stack?.credentials).toBe('any')
  const values = readDeployment(found, deploymentSettings.targets)
  expect(values).toMatchObject({ pipeline: 'local', ledgerTable: 'local-ledger' })
  // A file is no place for it.
  expect(values.clickHouse).toMatchObject({ url: 'http://127.0.0.1:1', password: 'hunter2' })
})

it('says first that no stack runs where the environment describes nothing', async () => {
  const nothing = { settings: {}, stack: undefined }
  const begins = /^no local stack runs in .silversmith.latest, .*\d+ settings need attention/
  expect(() => readDeployment(nothing, everything)).toThrow(begins)
  const part = { settings: { LEDGER_TABLE_NAME: 'ledger' }, stack: undefined }
  expect(() => readDeployment(part, everything)).toThrow(/^\d+ settings need attention/)
})

it('says how to start a stack where none runs', async () => {
  await expect(findDeployment({}, join(dir, 'none'))).rejects.toThrow(/npm start -- --keep/)
})
