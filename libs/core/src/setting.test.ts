import { describe, expect, test } from 'vitest'
import { isFault } from './fault.ts'
import { functionSettings, parseRoutes, refusedSettings } from './function-setting.ts'
import { effectiveSettings, inspectSettings, readSettings, setting } from './setting.ts'
import {
  parseBoolean,
  parseBytes,
  parseList,
  parseOneOf,
  parsePrefix,
  parseSecondsAsMs,
  parseText,
  parseUrl,
  parseWhole,
} from './setting-parser.ts'

const table = {
  queueUrl: setting({
    name: 'QUEUE_URL',
    parse: parseUrl,
    required: true,
    description: 'where the work goes',
  }),
  user: setting({
    name: 'STORE_USER',
    aliases: ['STORE_USERNAME'],
    parse: parseText,
    default: 'default',
    description: 'who reads',
  }),
  password: setting<string | undefined>({
    name: 'STORE_PASSWORD',
    parse: parseText,
    default: undefined,
    secret: true,
    description: 'the password of the user',
  }),
  sizeMax: setting({
    name: 'SIZE_MAX',
    parse: parseBytes,
    default: 1024,
    description: 'largest object',
  }),
  pin: setting({
    name: 'PIN',
    parse: parseWhole(1000, 9999),
    default: 1234,
    secret: true,
    description: 'a secret number',
  }),
}

const faultOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (isFault(error, 'SETTINGS_INVALID')) return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a table of settings', () => {
  test('gives values, defaults and aliases', () => {
    const values = readSettings(table, {
      QUEUE_URL: ' https://queue.example/1 ',
      STORE_USERNAME: 'ada',
      SIZE_MAX: '2KiB',
    })
    expect(values).toEqual({
      queueUrl: 'https://queue.example/1',
      user: 'ada',
      password: undefined,
      sizeMax: 2048,
      pin: 1234,
    })
  })

  test('tells all problems together', () => {
    const message = faultOf(() =>
      readSettings(
        table,
        {
          QUEUE_URL: '',
          STORE_USER: 'ada',
          STORE_USERNAME: 'bob',
          SIZE_MAX: 'big',
          FAILURE_DLQ_URL: '1',
        },
        refusedSettings,
      ),
    )
    expect(message.split('\n')).toEqual([
      '4 settings need attention:',
      '- QUEUE_URL is missing: where the work goes',
      '- STORE_USER and STORE_USERNAME name the same setting and differ: give one',
      '- SIZE_MAX must be a number of bytes above 0, such as 1048576 or 16MiB, not "big"',
      "- FAILURE_DLQ_URL is not taken: a copy beside the queue's own retries arrives once per try and is no proof of anything. Instead: the redrive policy of the queue (maxReceiveCount and deadLetterTargetArn)",
    ])
  })

  test('never shows the value of a secret', () => {
    const environment = { QUEUE_URL: 'http://q', STORE_PASSWORD: 'hunter2', PIN: 'swordfish' }
    const { values, problems } = inspectSettings(table, environment)
    expect(problems).toEqual(['PIN must be a whole number from 1000 to 9999'])
    expect(effectiveSettings(table, values)).toMatchObject({
      queueUrl: 'http://q',
      password: 'set',
    })
    expect(JSON.stringify(effectiveSettings(table, values))).not.toContain('hunter2')
  })

  test('takes the same value given under two names', () => {
    const environment = { QUEUE_URL: 'http://q', STORE_USER: 'ada', STORE_USERNAME: 'ada' }
    expect(readSettings(table, environment).user).toBe('ada')
  })

  test('shows what is in force, with units', () => {
    const values = readSettings(functionSettings, { PIPELINE: 'blue', LOG_LEVEL: 'debug' })
    expect(effectiveSettings(functionSettings, values)).toEqual({
      pipeline: 'blue',
      logLevel: 'DEBUG',
      environment: undefined,
      dryRun: false,
      diagnosedBucket: undefined,
      diagnosedPrefix: '',
      s3ConnectTimeoutMs: 5000,
      s3ReadTimeoutMs: 20000,
      s3AttemptsMax: 4,
      s3Endpoint: undefined,
      awsEndpoint: undefined,
      s3PathStyle: undefined,
      traceEnabled: false,
    })
  })
})

describe('refused names', () => {
  test.each(refusedSettings)('$name says why and what to do', ({ name, reason, instead }) => {
    const message = faultOf(() => readSettings({}, { [name]: '1' }, refusedSettings))
    expect(message).toContain(name)
    expect(message).toContain(reason)
    expect(message).toContain(instead)
  })

  test('one that is empty is no reason to stop', () => {
    expect(readSettings({}, { FAILURE_DLQ_URL: ' ' }, refusedSettings)).toEqual({})
  })
})

describe('parsers', () => {
  test.each(['1', 'true', 'T', 'Yes', 'on'])('%s is true', (text) => {
    expect(parseBoolean(text)).toEqual({ value: true })
  })

  test.each(['0', 'FALSE', 'f', 'no', 'off'])('%s is false', (text) => {
    expect(parseBoolean(text)).toEqual({ value: false })
  })

  test.each([
    ['1', 1],
    ['16 MiB', 16_777_216],
    ['5GiB', 5_368_709_120],
  ])('%s is a number of bytes', (text, bytes) => {
    expect(parseBytes(text)).toEqual({ value: bytes })
  })

  test.each([
    ['a boolean', parseBoolean('maybe')],
    ['bytes of 0', parseBytes('0')],
    ['bytes of an unknown unit', parseBytes('5MB')],
    ['negative bytes', parseBytes('-1')],
    ['too many bytes', parseBytes('99999999999GiB')],
    ['seconds of 0', parseSecondsAsMs('0')],
    ['seconds that are no number', parseSecondsAsMs('1e3')],
    ['a whole number with a fraction', parseWhole(0)('1.5')],
    ['a whole number over its limit', parseWhole(0, 3)('4')],
    ['a word that is not one of them', parseOneOf('a', 'b')('c')],
    ['a list with an empty part', parseList(parseText)('a,,b')],
    ['a list that repeats', parseList(parseText)('a, a')],
    ['a URL of another protocol', parseUrl('ftp://x')],
    ['a prefix with a slash', parsePrefix('silver/')],
    ['routes that are no JSON', parseRoutes('[')],
    ['no routes', parseRoutes('[]')],
    [
      'routes with an unknown field',
      parseRoutes('[{"prefix":"","suffixes":[],"dataset":"a","x":1}]'),
    ],
  ])('refuse %s', (_, parsed) => {
    expect(parsed).toHaveProperty('problem')
  })

  test('read seconds as milliseconds, lists in order, words in any case, routes', () => {
    expect(parseSecondsAsMs('0.5')).toEqual({ value: 500 })
    expect(parseList(parseOneOf('silver', 'clickhouse'))('ClickHouse, silver')).toEqual({
      value: ['clickhouse', 'silver'],
    })
    const route = { prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }
    expect(parseRoutes(JSON.stringify([route]))).toEqual({ value: [route] })
  })
})
