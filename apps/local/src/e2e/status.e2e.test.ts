import { createHash } from 'node:crypto'
import type { Batch } from '@silversmith/core'
import { tokenOf } from '@silversmith/core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { drain } from '../drain.ts'
import { pipeline } from '../functions.ts'
import { startKillProxy } from '../kill/kill-proxy.ts'
import type { KillProxy } from '../kill/kill-proxy.ts'
import { startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** How it goes, why something is where it is, and a pause: by the commands, on the real parts. */
const pollMsMax = 300_000

let tested: TestStack
let runs: TestRuns
let proxy: KillProxy
let clickHouseUrl = ''
const { signal } = new AbortController()

const keyOf = (name: string): string => `section/1/video/${name}.jsonl`
const uriOf = (name: string): string => `s3://${tested.stack.resources.bronzeBucket}/${keyOf(name)}`
const upload = async (name: string, ...lines: readonly string[]): Promise<void> => {
  await tested.upload(keyOf(name), Buffer.from(lines.join('\n')))
}
const setClickHouse = (isUp: boolean): void =>
  proxy.sendTo('clickhouse', isUp ? clickHouseUrl : 'http://127.0.0.1:1')
const settle = () => drain(tested.stack, { onStatus: () => undefined, signal })

interface Asked {
  readonly code: number | null
  readonly document: Readonly<Record<string, unknown>>
}
const ask = async (...args: readonly string[]): Promise<Asked> => {
  const { code, document, stderr } = await runs.ask([...args, '--dir', tested.stack.dir])
  expect(stderr).toBe('')
  return { code, document: document as Asked['document'] }
}
const explain = async (...args: readonly string[]) => {
  const { code, document } = await ask('explain', ...args)
  const stories = (document['stories'] ?? []) as readonly {
    readonly url: string
    readonly record?: number
    readonly standing: { readonly reason: string }
    readonly verdicts: readonly { readonly kind: string; readonly detail: string }[]
    readonly loads: readonly {
      readonly chunks: readonly {
        readonly token: string
        readonly shares: readonly { readonly target: string; readonly rows: number }[]
      }[]
    }[]
  }[]
  const [story] = stories
  return {
    ...{ code, document, stories, reason: story?.standing.reason },
    kinds: (story?.verdicts ?? []).map(({ kind }) => kind),
    rows: (story?.loads ?? [])
      .flatMap(({ chunks }) => chunks.flatMap(({ shares }) => shares))
      .map(({ target, rows }) => `${target} ${rows}`)
      .toSorted(),
    token: story?.loads[0]?.chunks[0]?.token ?? '',
  }
}
const rowsOf = async (name: string): Promise<number> => {
  const statement = `SELECT count() AS rows FROM raw_events WHERE _source = '${uriOf(name)}'`
  const [found] = await tested.query<{ rows: string | number }>(statement)
  return Number(found?.rows)
}

let waiting = ''

beforeAll(async () => {
  proxy = await startKillProxy()
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
    environment: {},
    tuning: {
      // Nobody sweeps: only the pause moves what is forgotten.
      sweepMs: 2_000_000_000,
      mapping: { batchSize: 10, windowMs: 100, retryMaxMs: 500 },
      tuneFunction: (settings) => {
        if (settings.name !== 'transform') return settings
        clickHouseUrl = settings.env['CLICKHOUSE_URL'] ?? ''
        setClickHouse(true)
        const own = { CLICKHOUSE_URL: proxy.urls.clickhouse, CIRCUIT_BREAKER_OPEN_SECONDS: '1' }
        return { ...settings, env: { ...settings.env, ...own } }
      },
    },
  })
  tested.stack.start()
  await upload('loaded', statementOf(0), statementOf(1), 'no JSON', statementOf(2))
  await settle()
})

afterAll(async () => {
  await tested?.close()
  await runs?.close()
  await proxy?.close()
})

it('is well where all is loaded, with the lag, and what was rejected', async () => {
  expect(await ask('status')).toMatchObject({
    code: 0,
    document: {
      ...{ pipeline, attention: [], unseen: [], breakers: [], open: { work: [], problems: [] } },
      queues: [
        { queue: 'arrivals', ready: 0, inFlight: 0, dead: 0, mappings: [{ state: 'enabled' }] },
        { queue: 'objects', mappings: [{ state: 'enabled' }] },
        { queue: 'bulk', mappings: [{ state: 'enabled' }] },
        { queue: 'messages/silversmith-messages', mappings: [{ state: 'enabled' }] },
      ],
      lastHour: {
        ...{ sealed: 1, committed: 1, rows: 3, objects: 1, records: 4, rejected: 1 },
        ...{ rejectedByReason: { 'xapi_events/invalid_json': 1 } },
        lag: { objects: 1, longestMs: expect.any(Number) },
      },
      quarantine: [{ dataset: 'xapi_events', reason: 'invalid_json', files: 1, open: 1 }],
    },
  })
})

it('explains an object, a record, a row by its hash and id, a chunk, a file and a batch', async () => {
  const object = await explain(uriOf('loaded'))
  expect(object).toMatchObject({ code: 0, reason: 'already-loaded', kinds: [] })
  expect(object.rows).toEqual(['clickhouse 3', 'silver 3'])
  const row = await explain(uriOf('loaded'), '--record', '1')
  expect(row).toMatchObject({ code: 0, kinds: [], rows: ['clickhouse 1', 'silver 1'] })
  const bad = await explain(uriOf('loaded'), '--record', '2')
  expect(bad).toMatchObject({ code: 0, kinds: ['rejected'], rows: [] })
  expect(bad.stories[0]?.verdicts[0]?.detail).toContain('invalid_json')

  const hash = createHash('sha256').update(statementOf(1)).digest('hex')
  const [found] = await tested.query<{ event_id: string }>(
    `SELECT event_id FROM raw_events WHERE event_hash = '${hash}'`,
  )
  for (const id of [hash, found?.event_id ?? '']) {
    const { code, stories } = await explain(id)
    expect([code, stories.map(({ url, record }) => [url, record])]).toEqual([
      ...[0, [[uriOf('loaded'), 1]]],
    ])
  }
  const where = await explain('--dataset', 'xapi_events', '--where', `event_hash=${hash}`)
  expect(where.stories.map(({ record }) => record)).toEqual([1])
  expect(await explain('0'.repeat(64))).toMatchObject({ code: 1, stories: [] })

  const [batch = ''] = object.token.split('#')
  expect(await explain(object.token)).toMatchObject({
    code: 0,
    document: { batch: { id: batch }, chunk: { rows: 3, token: object.token } },
  })
  const { silverBucket } = tested.stack.resources
  const [day] = await tested.query<{ day: string }>(
    'SELECT DISTINCT toString(toDate(timestamp)) AS day FROM raw_events',
  )
  const file = `s3://${silverBucket}/silver/raw_events/dt=${day?.day}/${batch}-0.parquet`
  expect(await explain(file)).toMatchObject({ document: { chunk: { token: object.token } } })
  expect(await explain(batch)).toMatchObject({
    code: 0,
    document: { batch: { id: batch, state: 'C' }, claims: { sources: 1, own: 1 }, verdicts: [] },
  })
})

it('tells of a target that is down, which batch waits for it, and why', async () => {
  setClickHouse(false)
  await upload('waiting', statementOf(10), statementOf(11))
  waiting = await vi.waitFor(async () => {
    const [id = ''] = await tested.stack.ledger.listOpen(pipeline, 9e15, 10, signal)
    const [found] = await tested.stack.ledger.read([{ kind: 'batch', id }], signal)
    if (!(found?.item as Batch | undefined)?.problems?.['clickhouse']) throw new Error('not yet')
    return id
  }, pollMsMax)
  const status = await ask('status')
  expect(status).toMatchObject({
    code: 1,
    document: {
      open: {
        work: [{ state: 'failing', batches: 1, rows: 2, young: 1 }],
        problems: [{ target: 'clickhouse', batches: 1, batch: waiting }],
      },
      breakers: [{ target: 'clickhouse', problem: expect.stringContaining('TARGET_UNAVAILABLE') }],
      attention: expect.arrayContaining([
        expect.stringContaining(
          `npx silversmith --dir ${tested.stack.dir} batch list --state failing`,
        ),
      ]),
    },
  })
  const story = await explain(uriOf('waiting'))
  expect(story).toMatchObject({ code: 1, reason: 'batch-waits', kinds: ['waiting'] })
  expect(story.rows).toEqual(['clickhouse 0', 'silver 2'])
  expect(story.stories[0]?.verdicts[0]?.detail).toContain('clickhouse: TARGET_')
  expect(await explain(waiting)).toMatchObject({
    code: 1,
    document: { batch: { state: 'S' }, breakers: [{ target: 'clickhouse' }] },
  })
  expect(await explain(tokenOf(waiting, 0))).toMatchObject({ code: 1 })
})

it('a pause only says what it would do until it is told to', async () => {
  const { code, document } = await ask('pause')
  expect([code, document['dryRun'], document['open']]).toEqual([0, true, [waiting]])
  const states = Object.values(tested.stack.mappings()).map(({ state }) => state)
  expect(states).toEqual(['Enabled', 'Enabled', 'Enabled', 'Enabled'])
})

it('a pause stops what comes in, and names at its deadline what is still open', async () => {
  const { code, document } = await ask('pause', '--deadline', '15s', '--yes')
  expect([code, document['empty']]).toEqual([1, false])
  expect(document['waits']).toMatchObject([{ kind: 'batch', batch: { id: waiting } }])
  const states = Object.values(tested.stack.mappings()).map(({ state }) => state)
  expect(states).toEqual(['Disabled', 'Disabled', 'Disabled', 'Disabled'])
  await upload('later', statementOf(20))
  await tested.stack.notifier.flush()
  expect(await ask('status')).toMatchObject({
    code: 1,
    document: {
      queues: [{ queue: 'arrivals', ready: 1, mappings: [{ state: 'disabled' }] }, {}, {}, {}],
      attention: expect.arrayContaining([
        expect.stringMatching(/^paused: nothing takes from arrivals, objects, bulk, messages/),
      ]),
    },
  })
})

it('run again it has what is sealed applied, is empty, and lets nothing new in', async () => {
  setClickHouse(true)
  const { code, document } = await ask('pause', '--yes')
  expect([code, document['empty'], document['handed']]).toEqual([0, true, [waiting]])
  expect(await tested.stack.ledger.listOpen(pipeline, 9e15, 10, signal)).toEqual([])
  expect(await rowsOf('waiting')).toBe(2)
  expect(await rowsOf('later')).toBe(0)
  expect(await explain(uriOf('later'))).toMatchObject({ code: 1, reason: 'never-begun' })
})

it('resumed it loads what waited in its queue, and all is well again', async () => {
  expect(await ask('resume', '--yes')).toMatchObject({ code: 0, document: { resumed: true } })
  await settle()
  expect(await rowsOf('later')).toBe(1)
  expect(await explain(uriOf('waiting'))).toMatchObject({ code: 0, kinds: [] })
  const { code, document } = await ask('status')
  expect([code, document['attention'], document['unseen']]).toEqual([0, [], []])
})

it('says what is lost from a target, what is gone, and what never was', async () => {
  const { token } = await explain(uriOf('loaded'))
  await tested.stack.warehouse?.connection.command(
    `DELETE FROM raw_events WHERE _chunk = '${token}' AND _record = 1`,
    'the test',
    signal,
  )
  const { code, kinds, stories } = await explain(uriOf('loaded'))
  expect([code, kinds]).toEqual([1, ['lost']])
  expect(stories[0]?.verdicts[0]).toMatchObject({
    mend: `npx silversmith --dir ${tested.stack.dir} repair ${token.split('#')[0]} --yes`,
  })
  expect((await explain(uriOf('loaded'), '--record', '0')).kinds).toEqual([])
  expect(await explain(uriOf('never'))).toMatchObject({ code: 1, stories: [] })
  expect(await explain('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toMatchObject({
    code: 1,
    document: { batch: null, problem: expect.stringContaining('batch free') },
  })
})
