import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { countsOf } from './event-entries.ts'

type Line = Readonly<Record<string, unknown>>

/** What a Lambda that runs `script` with a `log` writes. */
const linesOf = (
  script: string,
  level = 'INFO',
  more: Readonly<Record<string, string>> = {},
): readonly Line[] => {
  const file = new URL('powertools-log.ts', import.meta.url).href
  const code = `
    const { createFunctionLog, observe, openTracer } = await import(${JSON.stringify(file)})
    const log = createFunctionLog({ service: 'transform', pipeline: 'blue', logLevel: '${level}', environment: 'dev' })
    const context = { functionName: 'f', awsRequestId: 'r-1', memoryLimitInMB: '512', invokedFunctionArn: 'arn' }
    ${script}`
  const env = {
    PATH: process.env['PATH'] ?? '',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    ...more,
  }
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    env,
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

const metricsIn = (lines: readonly Line[]): readonly Line[] =>
  lines.filter((line) => '_aws' in line)
const logsIn = (lines: readonly Line[]): readonly Line[] =>
  lines.filter((line) => !('_aws' in line))

describe('the log of a function', () => {
  test('writes one line for an event, with its facts and where it happened', () => {
    const lines = linesOf(`
      log.begin(context, 'event')
      log.emit({ kind: 'batch-sealed', batch: 'B1', sources: 2, rows: 5, rejected: 1, drifted: 0, chunks: 1, dispositions: { rows: 1, poison: 1 }, silverFiles: { under64KiB: 30, more: 0 }, inserts: { under1000: 1 }, rejectedByReason: { no_id: 1 }, kinds: { video: 5 }, sections: ['7'] })
      log.end()`)
    expect(logsIn(lines)).toMatchObject([
      {
        ...{ level: 'INFO', message: 'batch-sealed', service: 'transform', pipeline: 'blue' },
        ...{ environment: 'dev', function_request_id: 'r-1', cold_start: true },
        event: { batch: 'B1', sources: 2, rows: 5, rejected: 1, drifted: 0, chunks: 1 },
      },
    ])
  })

  test('counts the same facts as metrics of the pipeline', () => {
    const lines = linesOf(`
      log.begin(context, 'event')
      const sealed = { kind: 'batch-sealed', batch: 'B1', sources: 2, rows: 5, rejected: 1, drifted: 0, chunks: 1, dispositions: { rows: 1, poison: 1 }, silverFiles: { under64KiB: 30, more: 0 }, inserts: { under1000: 1 }, rejectedByReason: { no_id: 1 }, kinds: { video: 5 }, sections: ['7'] }
      log.emit(sealed)
      log.emit({ ...sealed, batch: 'B2' })
      log.end()`)
    const [metrics] = metricsIn(lines).filter((line) => 'BatchesSealed' in line)
    const sum = (value: unknown): number =>
      [value].flat().reduce((a: number, b) => a + Number(b), 0)
    expect(metrics).toMatchObject({ service: 'transform', pipeline: 'blue', environment: 'dev' })
    expect(sum(metrics?.['BatchesSealed'])).toBe(2)
    expect(sum(metrics?.['RowsSealed'])).toBe(10)
    expect(sum(metrics?.['Sources.poison'])).toBe(2)
    expect(sum(metrics?.['RecordsRejected.no_id'])).toBe(2)
    expect(sum(metrics?.['Kinds.video'])).toBe(10)
    expect(sum(metrics?.['SilverFiles.under64KiB'])).toBe(60)
    expect(sum(metrics?.['Inserts.under1000'])).toBe(2)
    expect(metrics).not.toHaveProperty(['SilverFiles.more'])
    expect(metricsIn(lines).filter((line) => line['ColdStart'] === 1)).toHaveLength(1)
  })

  test('says on every line, of logs and of metrics, what the invocation was for', () => {
    const lines = linesOf(`
      log.started({})
      const failed = { kind: 'apply-failed', batch: 'B1', target: 'clickhouse', code: 'TARGET_UNAVAILABLE', message: 'down' }
      const handler = observe(log, undefined, (event) => event.mode, async () => {
        log.emit(failed)
        log.emit({ kind: 'batch-committed', batch: 'B1' })
      })
      await handler({ mode: 'sweep' }, context)
      await handler({ mode: 'reconcile' }, context)`)
    const counted = lines.filter((line) => !('ColdStart' in line))
    expect(
      logsIn(counted)
        .map(({ message, mode }) => `${String(message)} ${mode}`)
        .toSorted(),
    ).toEqual([
      ...['apply-failed reconcile', 'apply-failed sweep'],
      ...['batch-committed reconcile', 'batch-committed sweep', 'started start'],
    ])
    expect(
      metricsIn(counted)
        .map(({ mode }) => mode)
        .toSorted(),
    ).toEqual([...['reconcile', 'reconcile', 'sweep', 'sweep']])
    expect(JSON.stringify(metricsIn(counted).map(({ _aws }) => _aws))).not.toContain('mode')
  })

  test('counts what concerns a target by target', () => {
    const lines = linesOf(`
      log.emit({ kind: 'apply-failed', batch: 'B1', target: 'clickhouse', code: 'TARGET_UNAVAILABLE', message: 'down' })
      log.end()`)
    expect(metricsIn(lines)).toMatchObject([
      { AppliesFailed: 1, target: 'clickhouse', pipeline: 'blue', service: 'transform' },
    ])
    expect(logsIn(lines)).toMatchObject([{ level: 'ERROR', event: { code: 'TARGET_UNAVAILABLE' } }])
  })

  test('adds up what a target took, in one line per invocation', () => {
    const lines = linesOf(`
      const applied = { kind: 'chunk-applied', batch: 'B1', target: 'silver', n: 0, rows: 3, found: false }
      log.emit(applied)
      log.emit({ ...applied, n: 1, rows: 4, found: true })
      log.end()`)
    expect(metricsIn(lines)).toMatchObject([
      { target: 'silver', ChunksApplied: [1, 1], RowsApplied: [3, 4], ChunksFound: 1 },
    ])
  })

  test('leaves out what is below its level, but counts it', () => {
    const lines = linesOf(
      `log.emit({ kind: 'batch-committed', batch: 'B1', rows: 5 }); log.end()`,
      'WARN',
    )
    expect(logsIn(lines)).toEqual([])
    expect(metricsIn(lines)).toMatchObject([{ BatchesCommitted: 1 }])
  })

  test('writes nothing where nothing happened', () => {
    expect(linesOf('log.end()')).toEqual([])
  })

  test('tells at a cold start what is in force', () => {
    expect(linesOf(`log.started({ pipeline: 'blue', password: 'set' })`)).toMatchObject([
      {
        message: 'started',
        node: process.version,
        settings: { pipeline: 'blue', password: 'set' },
      },
    ])
  })

  test('hands its invocations to X-Ray where tracing is on', async () => {
    const daemon = createSocket('udp4')
    const received = once(daemon, 'message') as Promise<[Buffer]>
    daemon.bind(0, '127.0.0.1')
    await once(daemon, 'listening')
    linesOf(
      `await observe(log, await openTracer('f', true), () => 'event', async () => 1)({}, context)`,
      'INFO',
      {
        AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
        LAMBDA_TASK_ROOT: '/var/task',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
        _X_AMZN_TRACE_ID:
          'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      },
    )
    const [packet] = await received
    daemon.close()
    expect(JSON.parse(packet.toString().split('\n')[1] ?? '')).toMatchObject({
      name: '## handler',
      parent_id: '53995c3f42cd8ad8',
    })
  })

  test.each([true, false])('loads the code of X-Ray where tracing is wanted: %s', (isWanted) => {
    const lines = linesOf(`
      const { Module } = await import('node:module')
      await openTracer('f', ${isWanted})
      const loaded = Object.keys(Module._cache).some((path) => path.includes('aws-xray-sdk-core'))
      console.log(JSON.stringify({ loaded }))`)
    expect(lines).toEqual([{ loaded: isWanted }])
  })

  test('writes its metrics when the handler throws too, and lets the error pass', () => {
    const lines = linesOf(`
      const handler = observe(log, await openTracer('f', false), () => 'event', async () => {
        log.emit({ kind: 'message-unreadable', messageId: 'm', reason: 'x' })
        throw new Error('boom')
      })
      await handler({}, context).catch((error) => console.log(JSON.stringify({ caught: error.message })))`)
    expect(metricsIn(lines).some((line) => line['MessagesUnreadable'] === 1)).toBe(true)
    expect(lines).toContainEqual({ caught: 'boom' })
  })
})

describe('metrics', () => {
  test('tell a bug from work that failed as expected', () => {
    const failed = { kind: 'work-failed', message: '' } as const
    expect(countsOf({ ...failed, code: 'BUG' })).toEqual([{ name: 'Bugs', count: 1 }])
    expect(countsOf({ ...failed, code: 'STORE_DENIED' })).toEqual([
      { name: 'WorkFailed', count: 1 },
    ])
  })

  test('keep the zero of overdue batches, so that its alarm can end', () => {
    expect(
      countsOf({
        ...{ kind: 'sweep-done', found: 0, sent: 0, resting: 0, aborted: 0 },
        ...{ oldestMs: 0, resters: [] },
      }),
    ).toEqual([
      { name: 'BatchesOverdue', count: 0 },
      { name: 'OldestBatchSeconds', count: 0 },
      { name: 'TargetsResting', count: 0 },
    ])
  })
})
