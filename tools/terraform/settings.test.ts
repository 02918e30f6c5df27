import { idempotencyTableDefinition, ledgerTableDefinition } from '@silversmith/aws'
import { bulkSettings, parseConfig as parseBulk } from '@silversmith/bulk/config'
import { clickHouseSettings, defaultDeduplicationWindow } from '@silversmith/clickhouse'
import { receivesAdvised, type Setting } from '@silversmith/core'
import { defaultLeaseMarginMs } from '@silversmith/flow'
import { ingestSettings, parseConfig as parseIngest } from '@silversmith/ingest/config'
import { sizes } from '@silversmith/local'
import { parseConfig as parseTransform, transformSettings } from '@silversmith/transform/config'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type FunctionName, functionNames } from '../bundle.ts'
import { settingNames, type TableFacts, tables, terraformDir } from './pipeline-data.ts'

const known: Readonly<Record<FunctionName, Readonly<Record<string, Setting<unknown>>>>> = {
  ingest: ingestSettings,
  transform: { ...transformSettings, ...clickHouseSettings },
  bulk: { ...bulkSettings, ...clickHouseSettings },
}

const parsers = { ingest: parseIngest, transform: parseTransform, bulk: parseBulk }

/** Key of `local.values` → a value as `settings.tf` makes it. */
const values: Readonly<Record<string, string>> = {
  pipeline: 'default',
  environment: 'dev',
  trace: 'true',
  bronze: 'bronze,other-bronze',
  silver: 'silver',
  routes: '[{"prefix":"section/","suffixes":[".jsonl"],"dataset":"xapi_events"}]',
  replay_prefix: '_replay/',
  silver_prefix: 'silver',
  quarantine_prefix: 'quarantine',
  targets: 'silver,clickhouse',
  arrivals_queue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/arrivals',
  objects_queue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/objects',
  bulk_queue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/bulk',
  messages_queue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/messages',
  ledger_table: 'ledger',
  ingest_table: 'ledger-ingest',
  bulk_table: 'ledger-bulk',
  lease_margin_ms: '60000',
  clickhouse_url: 'https://clickhouse.example:8443',
  clickhouse_database: 'silversmith',
  clickhouse_user: 'writer',
  clickhouse_secret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:clickhouse-AbCdEf',
  clickhouse_engine: 'SharedReplacingMergeTree',
  clickhouse_cluster: 'main',
  clickhouse_timeout_seconds: '30',
  clickhouse_deduplication_window: '100000',
}

describe.each(functionNames)('settings of %s', (name) => {
  const { set, open, closed } = settingNames[name]
  const table = Object.values(known[name])

  test('are those it parses: set, open or closed, each once', () => {
    const all = [...Object.keys(set), ...open, ...Object.keys(closed)]
    expect(all.toSorted()).toEqual(table.map((one) => one.name).toSorted())
  })

  test('that are required are set', () => {
    const required = table.filter((one) => 'required' in one).map((one) => one.name)
    expect(required.filter((one) => !(one in set))).toEqual([])
  })

  test('that are passwords are closed', () => {
    expect(Object.keys(closed)).toEqual(
      expect.arrayContaining(
        table.map((one) => one.name).filter((one) => one.includes('PASSWORD')),
      ),
    )
  })

  test('parse as they are set', () => {
    const environment = Object.fromEntries(
      Object.entries(set).map(([setting, key]) => [setting, values[key]]),
    )
    expect(Object.values(environment)).not.toContain(undefined)
    expect(parsers[name](environment)).toMatchObject({ pipeline: 'default', environment: 'dev' })
  })
})

test('a value for each key, and no value for none', () => {
  const text = readFileSync(join(terraformDir, 'modules/pipeline/settings.tf'), 'utf8')
  const block = /^ {2}values = \{\n(.*?)^ {2}\}/ms.exec(text)?.[1] ?? ''
  const keys = [...block.matchAll(/^ {4}(\w+) +=/gm)].map(([, key]) => key)
  const used = Object.values(settingNames).flatMap(({ set }) => Object.values(set))
  expect(keys.toSorted()).toEqual([...new Set(used)].toSorted())
  expect(keys.toSorted()).toEqual(Object.keys(values).toSorted())
})

describe('numbers', () => {
  test('are those the code stands on', () => {
    expect(sizes.queues.max_receive_count).toBe(receivesAdvised)
    expect(sizes.lease_margin_ms).toBe(defaultLeaseMarginMs)
    expect(sizes.clickhouse.deduplication_window).toBe(defaultDeduplicationWindow)
    expect(sizes.clickhouse.timeout_seconds * 1_000).toBe(
      'default' in clickHouseSettings.insertTimeoutMs && clickHouseSettings.insertTimeoutMs.default,
    )
  })

  test.each([
    ['ledger', ledgerTableDefinition('t')],
    ['idempotency', idempotencyTableDefinition('t')],
  ] as const)('and the table of %s', (name, definition) => {
    const facts: TableFacts = tables[name]
    expect(definition.KeySchema).toEqual([{ AttributeName: facts.key, KeyType: 'HASH' }])
    expect(
      Object.fromEntries(
        (definition.AttributeDefinitions ?? []).map((one) => [
          one.AttributeName,
          one.AttributeType,
        ]),
      ),
    ).toEqual(facts.attributes)
    expect(definition.GlobalSecondaryIndexes).toEqual(
      facts.index && [
        {
          IndexName: facts.index.name,
          KeySchema: [
            { AttributeName: facts.index.key, KeyType: 'HASH' },
            { AttributeName: facts.index.range, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: facts.index.projection },
        },
      ],
    )
  })
})

describe('what a plan refuses', () => {
  const readme = readFileSync(join(terraformDir, 'README.md'), 'utf8')
  const quoted = [...readme.matchAll(/```text\n(\w+ (?:.* )?must .*|clickhouse is .*)\n```/g)].map(
    ([, line]) => line ?? '',
  )
  const messages = readdirSync(join(terraformDir, 'modules')).flatMap((module) => {
    const file = join(terraformDir, 'modules', module, 'variables.tf')
    if (!existsSync(file)) return []
    return [...readFileSync(file, 'utf8').matchAll(/error_message = "(.*)"$/gm)].map(([, text]) =>
      (text ?? '').replaceAll('\\"', '"'),
    )
  })
  /** What is put in may be anything. */
  const isOf = (line: string, message: string): boolean => {
    const parts = message.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
    const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')
    return new RegExp(`^${pattern}$`).test(line)
  }

  test('is quoted as it says it', () => {
    expect(quoted).toHaveLength(5)
    expect(quoted.filter((line) => !messages.some((message) => isOf(line, message)))).toEqual([])
  })
})

describe('environments', () => {
  const envsDir = join(terraformDir, 'envs')
  const names = readdirSync(envsDir).toSorted()
  const read = (name: string, file: string): string =>
    readFileSync(join(envsDir, name, file), 'utf8').replaceAll(name, 'ENVIRONMENT')
  /** Literals gone: what is left must be the same everywhere. */
  const withoutValues = (text: string): string =>
    text.replaceAll(/\b(true|false|\d+|null)\b/g, 'VALUE').replaceAll(/ +/g, ' ')

  test('are three', () => {
    expect(names).toEqual(['dev', 'prod', 'staging'])
  })

  test.each(['variables.tf', 'outputs.tf', 'versions.tf', 'backend.tf'])(
    'have the same %s',
    (file) => {
      expect(new Set(names.map((name) => read(name, file))).size).toBe(1)
    },
  )

  test('differ in values only, and in one call of 40 lines at most', () => {
    const calls = names.map((name) => read(name, 'main.tf'))
    expect(new Set(calls.map(withoutValues)).size).toBe(1)
    expect(new Set(calls).size).toBe(3)
    for (const call of calls) {
      expect(call.match(/^\w+ /gm)).toEqual(['module '])
      expect(call.split('\n').length).toBeLessThanOrEqual(41)
    }
  })
})
