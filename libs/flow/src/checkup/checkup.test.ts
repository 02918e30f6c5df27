import { type Check, type Checker, checksOf, Fault } from '@silversmith/core'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { modeOf } from './asked.ts'
import { type CheckupAnswer, type CheckupDeps, withCheckup } from './checkup.ts'
import { describeProcess } from './process-facts.ts'

const good: Checker = async () => [checksOf('s3', 'silver').ok('can be listed')]
const clickHouse =
  (state: 'ok' | 'wrong'): Checker =>
  async () => {
    const check = checksOf('clickhouse', 'https://ch:8443')
    return [state === 'ok' ? check.ok('lets user w in') : check.wrong('the password is wrong', 'x')]
  }

const example = (name: string): unknown =>
  JSON.parse(
    readFileSync(new URL(`../../../../examples/events/${name}.json`, import.meta.url), 'utf8'),
  )

const ask = async (
  event: unknown,
  checkers: readonly Checker[],
  more: Partial<CheckupDeps> = {},
  remainingMs = 29_990,
) => {
  const handle = withCheckup(
    () => ({
      ...{ functionName: 'transform', modes: ['messages of SQS'], checkersOf: () => checkers },
      ...{ settings: { pipeline: 'p', password: 'set' }, runtime: { node: 'v22' } },
      ...{ environment: { dry_run: false }, dependencies: {} },
      place: { bucket: undefined, prefix: undefined },
      lookAtPlace: async (place) => ({ request: place, status: 'ok', key_found: false }),
      ...{ limit: () => new AbortController().signal, now: () => 1_767_607_871_000 },
      ...more,
    }),
    async () => 'handled' as const,
  )
  const answer = await handle(event, { getRemainingTimeInMillis: () => remainingMs })
  if (answer === 'handled') return answer
  const { statusCode, body } = answer as CheckupAnswer
  return { statusCode, ...(JSON.parse(body) as Readonly<Record<string, unknown>>) }
}

describe('health_check', () => {
  test('answers as older functions did: well', async () => {
    expect(await ask(example('health-check'), [good, clickHouse('ok')])).toEqual({
      ...{ statusCode: 200, clickhouse_healthy: true, healthy: true, problems: [] },
      ...{ lambda_function: 'transform', modes: ['messages of SQS'] },
      timestamp: '2026-01-05T10:11:11.000Z',
    })
  })

  test('and ill, with what is to be done', async () => {
    expect(await ask({ health_check: 1 }, [good, clickHouse('wrong')])).toMatchObject({
      ...{ statusCode: 500, clickhouse_healthy: false, healthy: false },
      problems: [{ part: 'clickhouse', state: 'wrong', fix: 'x' }],
    })
  })

  test('says nothing about a ClickHouse that the function does not call', async () => {
    expect(await ask({ health_check: true }, [good])).toMatchObject({
      ...{ statusCode: 200, clickhouse_healthy: null },
    })
  })

  test('is ill when a check itself fails, and tells no data of it', async () => {
    const bug: Checker = () => Promise.reject(new TypeError('learner-4711'))
    const fault: Checker = () => Promise.reject(new Fault('SETTINGS_INVALID', 'which table?'))
    const answer = await ask({ health_check: true }, [bug, fault])
    expect(answer).toMatchObject({ statusCode: 500, healthy: false })
    expect(JSON.stringify(answer)).toContain('SETTINGS_INVALID: which table?')
    expect(JSON.stringify(answer)).not.toContain('4711')
  })
})

test.each([
  [29_990, 28_990],
  [900_000, 50_000],
  [300, 0],
])('of %i ms of the invocation checks take %i at most', async (remainingMs, mostMs) => {
  const asked: number[] = []
  const limited = AbortSignal.abort()
  const given: AbortSignal[] = []
  const checker: Checker = async (signal) => {
    given.push(signal)
    return []
  }
  const limit = (ms: number): AbortSignal => {
    asked.push(ms)
    return limited
  }
  await ask({ health_check: true }, [checker], { limit }, remainingMs)
  expect(asked).toEqual([mostMs])
  expect(given).toEqual([limited])
})

test('of the environment no value is told', () => {
  const url = 'https://db.example:8443'
  const facts = describeProcess(
    { version: 'v22', platform: 'linux', arch: 'arm64', versions: { v8: '1', openssl: '3' } },
    { CLICKHOUSE_URL: url, CLICKHOUSE_PASSWORD: 'hunter2' },
    { logLevel: 'INFO', dryRun: true },
  )
  expect(facts.environment).toEqual({
    ...{ dry_run: true, log_level: 'INFO' },
    ...{ has_clickhouse_url: true, has_clickhouse_host: false },
  })
  expect(JSON.stringify(facts)).not.toMatch(/hunter2|db\.example/)
})

describe('diagnostics', () => {
  test('tell all, and look where the event says', async () => {
    const checks = (await clickHouse('wrong')(new AbortController().signal)) as readonly Check[]
    expect(await ask(example('diagnostics'), [clickHouse('wrong')])).toMatchObject({
      ...{ statusCode: 200, healthy: false, clickhouse_healthy: false, timeout_seconds: 30 },
      ...{ runtime: { node: 'v22' }, environment: { dry_run: false }, dependencies: {} },
      ...{ settings: { pipeline: 'p', password: 'set' }, checks },
      s3_check: { request: { bucket: 'bronze', prefix: 'section/' }, status: 'ok' },
    })
  })

  test('look where DIAG_S3_BUCKET and DIAG_S3_PREFIX say, where the event says nothing', async () => {
    const place = { bucket: 'diag', prefix: 'p/' }
    const asked = await ask({ diagnostics: true }, [], { place })
    expect(asked).toMatchObject({ s3_check: { request: place } })
    const own = await ask({ diagnostics: true, s3_check: { prefix: 'q/' } }, [], { place })
    expect(own).toMatchObject({ s3_check: { request: { bucket: 'diag', prefix: 'q/' } } })
  })

  test('look nowhere when nobody says where, and say so when it was asked for', async () => {
    expect(await ask({ diagnostics: true }, [])).not.toHaveProperty('s3_check')
    expect(await ask({ diagnostics: true, s3_check: {} }, [])).toMatchObject({
      s3_check: { status: 'error', error: expect.stringContaining('DIAG_S3_BUCKET') },
    })
  })

  test('know the time of the function', async () => {
    const seconds: number[] = []
    const checkersOf = (timeoutSeconds: number) => {
      seconds.push(timeoutSeconds)
      return []
    }
    await ask({ diagnostics: true }, [], { checkersOf })
    expect(seconds).toEqual([30])
  })
})

const records = ['s3', 's3-in-sqs', 's3-in-sns', 'eventbridge', 's3-test'].map((name) => ({
  ...(example(name) as object),
  ...{ health_check: true, diagnostics: true },
}))

test.each([
  ...[{ Records: [] }, { mode: 'sweep' }, { health_check: false }, null, 'x', []],
  ...records,
])('all other events are the handler’s: %j', async (event) =>
  expect(await ask(event, [])).toBe('handled'),
)

test.each([
  ['s3-in-sqs', 'event'],
  ['eventbridge', 'event'],
  ['request', 'event'],
  ['sweep', 'sweep'],
  ['reconcile', 'reconcile'],
  ['dry-run', 'dry_run'],
  ['health-check', 'health_check'],
  ['diagnostics', 'diagnostics'],
])('the event %s is told as %s in the log', (name, mode) =>
  expect(modeOf(example(name))).toBe(mode),
)

test('a mode of any text is told as one short word', () => {
  expect(modeOf({ mode: `{"a b": 1}${'x'.repeat(99)}` })).toMatch(/^\w{32}$/)
  expect(modeOf({ Records: [], mode: 'sweep' })).toBe('event')
  expect(modeOf(null)).toBe('event')
})
