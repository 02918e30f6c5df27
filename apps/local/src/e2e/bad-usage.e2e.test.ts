import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Report } from '../account/report.ts'
import {
  countBy,
  makeTestObjects,
  payloadMark,
  testRoutes,
  writeStatement,
} from './test-objects.ts'
import { startTestRuns } from './test-run.ts'
import type { TestRuns } from './test-run.ts'

let runs: TestRuns
beforeAll(async () => {
  runs = await startTestRuns()
})
afterAll(() => runs.close())

const reportOf = (stdout: string): Report =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Report

it('loads a folder of all this but for a file that cannot be read, which it names, and ends with 1', async () => {
  const small = makeTestObjects().filter(
    ({ key, body, contentEncoding }) =>
      body.length < 1_000_000 && !contentEncoding && !key.endsWith('/'),
  )
  for (const { key, body } of small) {
    await mkdir(join(runs.dir, 'input', dirname(key)), { recursive: true })
    await writeFile(join(runs.dir, 'input', key), body)
  }
  await symlink(join(runs.dir, 'nowhere'), join(runs.dir, 'input/lost.jsonl'))
  const { code, stdout, stderr } = await runs.start(
    ['--input', 'input', '--target', 'silver', '--dir', 'bad', '--json'],
    { ROUTES: JSON.stringify(testRoutes), MAX_DECOMPRESSED_BYTES: '256MiB' },
  ).ended
  expect(stderr).toMatch(/input.lost\.jsonl could not be read: there is no such file/)
  expect(stderr.split('\n').filter((line) => line.startsWith('not accounted'))).toEqual([
    'not accounted for: inputs that could not be read: 1',
  ])
  expect(code).toBe(1)
  const dispositions = countBy(small.map(({ disposition }) => disposition))
  expect(Object.keys(dispositions).length).toBe(5)
  expect(reportOf(stdout)).toMatchObject({
    objects: small.length,
    rows: small.flatMap(({ accepted }) => accepted).length,
    rejected: small.flatMap(({ rejected }) => rejected).length,
    dispositions,
    dlq: 0,
    clickhouseUrl: null,
  })
  expect(stdout + stderr).not.toContain(payloadMark)
  expect(await readdir(join(runs.dir, 'bad'))).not.toContain('clickhouse')
})

it('names all malformed settings of a function at once', async () => {
  const environment = { MAX_S3_OBJECT_BYTES: 'lots', MAX_RECORD_BYTES: '-1' }
  const { code, stdout, stderr } = await runs.start(
    ['--limit', '1', '--target', 'silver'],
    environment,
  ).ended
  expect({ ended: code !== 0, stdout }).toEqual({ ended: true, stdout: '' })
  expect(stderr).toMatch(/MAX_S3_OBJECT_BYTES must be .*"lots"\n- MAX_RECORD_BYTES must be/)
})

it.each<[string, readonly string[], RegExp, NodeJS.ProcessEnv?]>([
  [
    'an input that is missing',
    ['--input', 'none'],
    /--input .*none: there is no such file or folder/,
  ],
  ['an input that is no file', ['--input', '/dev/null'], /neither a file nor a folder/],
  ['an unknown option', ['--inptu', 'x'], /Unknown option '--inptu'/],
  ['a --dir of other files', ['--dir', 'photos'], /photos is not empty and holds no state/],
  ['an input without files', ['--input', 'hollow'], /no files are below this folder/],
  [
    'an unknown dataset',
    ['--dataset', 'events'],
    /--dataset knows xapi_events, xapi_statements, sqs_messages, .*, not "events"/,
  ],
  [
    'an unknown target',
    ['--target', 'silver,gold'],
    /--target knows silver and clickhouse .*, not "gold"/,
  ],
  [
    'a ClickHouse that is away',
    ['--target', 'clickhouse', '--dir', 'away'],
    /http:\/\/127\.0\.0\.1:9 \(ECONNREFUSED\)\.\nStart that server, correct CLICKHOUSE_URL, or leave it out/,
    { CLICKHOUSE_URL: 'http://127.0.0.1:9' },
  ],
  [
    'two malformed settings of ClickHouse',
    ['--target', 'clickhouse'],
    /CLICKHOUSE_URL must be a URL.*\nCLICKHOUSE_INSERT_SQL is not taken: .* Instead: /,
    { CLICKHOUSE_URL: 'nonsense', CLICKHOUSE_INSERT_SQL: 'INSERT' },
  ],
])('says what is wrong with %s, and ends with 2', async (_, args, message, given) => {
  await mkdir(join(runs.dir, 'hollow'), { recursive: true })
  await mkdir(join(runs.dir, 'photos'), { recursive: true })
  await writeFile(join(runs.dir, 'photos/a.jpg'), '')
  const { code, stdout, stderr } = await runs.start(args, given).ended
  expect(stderr).toMatch(message)
  expect({ code, stdout, hasTrace: stderr.includes('    at ') }).toEqual({
    code: 2,
    stdout: '',
    hasTrace: false,
  })
})

it('does not bind a directory to the targets of a run that was refused', async () => {
  // The ClickHouse that is away was asked for with this directory, above.
  const ended = runs.start(['--target', 'silver', '--dir', 'away', '--limit', '1', '--json']).ended
  expect(await ended).toMatchObject({ code: 0 })
})

it('says that an input may not be read, and ends with 2', async (context) => {
  if (process.getuid?.() === 0) return context.skip('no mode keeps the superuser from reading')
  const path = join(runs.dir, 'locked.jsonl')
  await writeFile(path, writeStatement(1))
  await chmod(path, 0)
  const { code, stderr } = await runs.start(['--input', path]).ended
  expect(stderr).toMatch(/locked\.jsonl: it may not be read/)
  expect(code).toBe(2)
})
