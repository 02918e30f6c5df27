import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startClickHouse } from '../clickhouse/engine.ts'
import { childrenOf, expectGone, startTestRuns, statementOf } from './test-run.ts'
import type { TestRuns } from './test-run.ts'

let runs: TestRuns
beforeAll(async () => {
  runs = await startTestRuns()
})
afterAll(() => runs.close())

it('keeps the stack up when asked, answers Invoke, lets nobody else in, and leaves no process behind', async () => {
  await writeFile(join(runs.dir, 'few.jsonl'), `${statementOf(1)}\n${statementOf(2)}\n`)
  const args = ['--input', 'few.jsonl', '--dataset', 'xapi_events', '--dir', 'kept', '--keep']
  const kept = runs.start([...args, '--json'])
  expect(await kept.report).toMatchObject({ objects: 1, rows: 2, dlq: 0 })
  const children = await childrenOf(kept.child.pid ?? 0)
  // ClickHouse and the functions.
  expect(children.length).toBeGreaterThan(1)

  await writeFile(join(runs.dir, 'sweep.json'), '{"mode":"sweep"}')
  await writeFile(join(runs.dir, 'wrong.json'), '{"mode":"sleep"}')
  const invoke = (event: string) => runs.ask(['invoke', 'bulk', '--event', event, '--dir', 'kept'])
  expect(await invoke('sweep.json')).toMatchObject({
    code: 0,
    document: { found: 0, sent: 0, aborted: 0 },
  })
  expect(await invoke('wrong.json')).toMatchObject({
    code: 1,
    document: { errorMessage: expect.stringContaining('sleep') },
  })
  const query = 'SELECT _record AS record FROM raw_events ORDER BY record'
  expect(await runs.ask(['query', query, '--dir', 'kept'])).toMatchObject({
    code: 0,
    document: [{ record: expect.anything() }, { record: expect.anything() }],
  })
  expect(await runs.ask(['query', 'SELECT nothing', '--dir', 'kept'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^ClickHouse says \(code 47\): .*nothing/),
  })
  expect(await runs.ask(['head', 'nope', '--dir', 'kept'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/there is no table nope .*there are .*raw_events/),
  })
  const head = await runs.ask(['head', 'raw_events', '--limit', '1', '--dir', 'kept'])
  expect(head).toMatchObject({
    code: 0,
    document: [{ _source: 's3://bronze/few.jsonl' }],
  })

  const second = await runs.start(['--dir', 'kept']).ended
  expect(second).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`another run (process ${kept.child.pid}) uses`),
  })

  kept.child.kill('SIGINT')
  expect((await kept.ended).code).toBe(0)
  await expectGone(children)
  await expect(stat(join(runs.dir, 'kept/stack.json'))).rejects.toThrow('ENOENT')
  // The silver files stay and can still be looked at.
  const files = await runs.ask(['head', 'raw_events', '--dir', 'kept'])
  expect(files.document).toMatchObject([
    { timestamp: '2026-02-01T01:00:00.000000Z' },
    { timestamp: '2026-02-01T02:00:00.000000Z' },
  ])
})

it('leaves no function behind when it is killed, and the next run finishes its work', async () => {
  const lines = Array.from({ length: 300 }, (_, n) => statementOf(n))
  await writeFile(join(runs.dir, 'many.jsonl'), lines.join('\n'))
  const input = ['--input', 'many.jsonl', '--split-lines', '5', '--dataset', 'xapi_events']
  const args = [...input, '--dir', 'killed']
  const killed = runs.start(args)
  const log = join(runs.dir, 'killed/logs/transform.log')
  await expect
    .poll(() => readFile(log, 'utf8').catch(() => ''), { timeout: 300_000, interval: 20 })
    .toContain('START RequestId')
  const children = await childrenOf(killed.child.pid ?? 0)
  expect(children.length).toBeGreaterThan(0)
  killed.child.kill('SIGKILL')
  await killed.ended
  await expectGone(children)

  const report = await runs.load(args)
  expect(report).toMatchObject({ tables: { raw_events: { rows: 300, distinct: 300 } }, dlq: 0 })
})

it('changes nothing at a ClickHouse it was given unless asked to migrate, and brings no row there twice unsaid', async () => {
  const engine = await startClickHouse({ dir: join(runs.dir, 'server') })
  const tables = async (): Promise<string> => {
    const body = `SELECT name FROM system.tables WHERE database = 'mine' FORMAT TSV`
    return (await fetch(engine.url, { method: 'POST', body })).text()
  }
  const identities = async (): Promise<string[]> => {
    const body = 'SELECT _source, _version, _record, _part FROM mine.raw_events FORMAT TSV'
    const answer = await fetch(engine.url, { method: 'POST', body })
    return (await answer.text()).trimEnd().split('\n').sort()
  }
  try {
    await fetch(engine.url, { method: 'POST', body: 'CREATE DATABASE mine' })
    const environment = { CLICKHOUSE_URL: engine.url, CLICKHOUSE_DATABASE: 'mine' }
    const args = ['--limit', '3', '--dir', 'foreign', '--target', 'clickhouse']
    const refused = await runs.start(args, environment).ended
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--migrate') })
    expect(await tables()).toBe('')

    const plan = await runs.ask(['migrate', '--plan'], environment)
    expect(plan).toMatchObject({
      code: 0,
      document: {
        applied: false,
        differences: [],
        moves: [],
        grants: expect.objectContaining({
          writer: expect.arrayContaining([
            'GRANT INSERT ON `mine`.`raw_events` TO `silversmith_writer`',
          ]),
        }),
      },
    })
    expect(await tables()).toBe('')
    expect(await runs.ask(['migrate'], environment)).toMatchObject({ code: 0 })
    const after = await runs.ask(['migrate', '--plan'], environment)
    expect(after).toMatchObject({ code: 0, document: { steps: [] } })

    const own = ['--limit', '3', '--target', 'clickhouse', '--migrate']
    const first = runs.start([...own, '--json'], environment)
    const report = await first.report
    const { code, stderr } = await first.ended
    expect({ code, told: /is kept in \.silversmith.server-[0-9a-f]{8}:/.test(stderr) }).toEqual({
      code: 0,
      told: true,
    })
    expect(report).toMatchObject({ objects: 3, clickhouseUrl: engine.url })
    expect(report.tables['raw_events']?.rows).toBe(report.rows)
    expect(report.rows).toBeGreaterThan(0)
    const stored = await identities()
    expect(new Set(stored).size).toBe(report.rows)

    // The same command again finds what it claimed.
    expect(await runs.load(own, environment)).toMatchObject({ objects: 0, tables: report.tables })
    expect(await identities()).toEqual(stored)

    // A new ledger brings the same rows again, which is told, with a way out that works.
    const again = await runs.start([...args, '--json'], environment).ended
    expect(again.stderr).toContain(
      `not accounted for: \`mine\`.\`raw_events\` has ${report.rows} more rows of 3 objects`,
    )
    expect(again.code).toBe(1)
    expect(await identities()).toEqual([...stored, ...stored].sort())
    const cure = /run (OPTIMIZE TABLE \S+ FINAL)/.exec(again.stderr)?.[1]
    await fetch(engine.url, { method: 'POST', body: cure ?? '' })
    expect(await identities()).toEqual(stored)
  } finally {
    await engine.close()
  }
})

it('ends with 2 and the reason when a function cannot start for its settings', async () => {
  const args = ['--dir', 'unable', '--target', 'silver', '--limit', '1']
  const { code, stderr, stdout } = await runs.start(args, { ROUTES: '[]' }).ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(
    /could not start: 1 setting needs attention:[^]*ROUTES must be[^]*logs.(ingest|transform).log/,
  )
})
