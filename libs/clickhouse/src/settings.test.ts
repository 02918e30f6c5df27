import { describe, expect, test } from 'vitest'
import { parseClickHouseSettings } from './settings.ts'

const base = { CLICKHOUSE_HOST: 'ch.example', CLICKHOUSE_DATABASE: 'silver' }

const settingsOf = (environment: Record<string, string>) => {
  const parsed = parseClickHouseSettings(environment)
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.settings
}

const problemsOf = (environment: Record<string, string>): string => {
  const parsed = parseClickHouseSettings(environment)
  return 'problems' in parsed ? parsed.problems.join('\n') : ''
}

describe('where ClickHouse is', () => {
  test.each([
    [{}, 'https://ch.example:8443'],
    [{ CLICKHOUSE_SECURE: 'true' }, 'https://ch.example:8443'],
    [{ CLICKHOUSE_SECURE: 'false' }, 'http://ch.example:8123'],
    [{ CLICKHOUSE_PROTOCOL: 'http' }, 'http://ch.example:8123'],
    [{ CLICKHOUSE_SCHEME: 'HTTP' }, 'http://ch.example:8123'],
    [{ CLICKHOUSE_PROTOCOL: 'http', CLICKHOUSE_SECURE: 'true' }, 'http://ch.example:8123'],
    [{ CLICKHOUSE_PORT: '8123' }, 'https://ch.example:8123'],
    [
      { CLICKHOUSE_PORT: '443', CLICKHOUSE_PATH: '/click/house/' },
      'https://ch.example/click/house',
    ],
    [{ CLICKHOUSE_URL: 'http://other:1234/x/' }, 'http://other:1234/x'],
  ])('%o → %s', (more, url) => {
    expect(settingsOf({ ...base, ...more }).url).toBe(url)
  })

  test('001-12: both names of the user; HTTPS, times that end, and no password unless told', () => {
    expect(
      settingsOf({ ...base, CLICKHOUSE_USERNAME: 'writer', CLICKHOUSE_PASSWORD: 'p' }),
    ).toEqual({
      url: 'https://ch.example:8443',
      database: 'silver',
      user: 'writer',
      password: 'p',
      insertTimeoutMs: 30_000,
      connectTimeoutMs: 5_000,
      settings: {},
      engine: 'ReplacingMergeTree',
      deduplicationWindow: 100_000,
    })
    const { user, password } = settingsOf({ ...base, CLICKHOUSE_USER: 'writer' })
    expect({ user, password }).toEqual({ user: 'writer', password: undefined })
  })

  test('settings, table and time', () => {
    expect(
      settingsOf({
        ...base,
        CLICKHOUSE_SETTINGS: 'max_memory_usage=1000, priority = 3,',
        CLICKHOUSE_TABLE: 'events',
        CLICKHOUSE_TIMEOUT_SECONDS: '2.5',
      }),
    ).toMatchObject({
      settings: { max_memory_usage: '1000', priority: '3' },
      table: 'events',
      insertTimeoutMs: 2_500,
    })
  })
})

describe('what is refused at the start', () => {
  test.each([
    ['CLICKHOUSE_PORT', '9000', /native port/],
    ['CLICKHOUSE_URL', 'http://h:9000', /native port/],
    ['CLICKHOUSE_URL', 'tcp://h:1', /https:\/\//],
    ['CLICKHOUSE_URL', 'https://h/?database=x', /CLICKHOUSE_SETTINGS/],
    ['CLICKHOUSE_HOST', 'https://h', /bare host name/],
    ['CLICKHOUSE_HOST', '1.2.3.999', /bare host name/],
    ['CLICKHOUSE_HOST', ' ', /CLICKHOUSE_URL or CLICKHOUSE_HOST is missing/],
    ['CLICKHOUSE_INSERT_SQL', 'INSERT …', /materialized view/],
    ['CLICKHOUSE_INSERT_COLUMNS', '*', /view/],
    ['CLICKHOUSE_TIMEOUT_SECONDS', '0', /1 to 900/],
    ['CLICKHOUSE_DEDUPLICATION_WINDOW', '10', /at least 10000/],
    ['CLICKHOUSE_ENGINE', 'MergeTree', /ReplacingMergeTree/],
    ['CLICKHOUSE_SETTINGS', 'nonsense', /name=value/],
    ['CLICKHOUSE_SETTINGS', 'query=DROP TABLE x', /must not hold query/],
    ['CLICKHOUSE_SETTINGS', 'async_insert=1', /must not hold async_insert/],
    [
      'CLICKHOUSE_SETTINGS',
      'insert_deduplication_token=x',
      /must not hold insert_deduplication_token/,
    ],
    ['CLICKHOUSE_SETTINGS', 'param_x=1', /must not hold param_x/],
    ['CLICKHOUSE_SETTINGS', 'priority=1,priority=2', /priority twice/],
  ])('%s=%s', (name, value, problem) => {
    expect(problemsOf({ ...base, [name]: value })).toMatch(problem)
    expect(problemsOf({ ...base, [name]: value })).toContain(name)
  })

  test('all problems come together', () => {
    const problems = problemsOf({ CLICKHOUSE_PORT: '9000', CLICKHOUSE_SETTINGS: 'query=x' })
    for (const name of [
      'CLICKHOUSE_HOST',
      'CLICKHOUSE_PORT',
      'CLICKHOUSE_DATABASE',
      'CLICKHOUSE_SETTINGS',
    ])
      expect(problems).toContain(name)
  })

  test('aliases that differ', () => {
    expect(problemsOf({ ...base, CLICKHOUSE_USER: 'a', CLICKHOUSE_USERNAME: 'b' })).toMatch(
      /differ/,
    )
  })

  test('secrets are never repeated', () => {
    const problems = problemsOf({
      CLICKHOUSE_URL: 'https://me:hunter2@h:9000/?password=hunter2',
      CLICKHOUSE_PASSWORD: 'hunter2',
      CLICKHOUSE_SETTINGS: 'query=hunter2',
    })
    expect(problems).toContain('CLICKHOUSE_URL must not hold credentials')
    expect(problems).not.toContain('hunter2')
  })
})
