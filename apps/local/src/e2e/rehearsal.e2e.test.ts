import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startTestRuns } from './test-run.ts'
import type { Started, TestRuns } from './test-run.ts'
import { torusBody, torusTable } from './test-torus.ts'

/** The rehearsal that docs/coming-from.md describes: its lines as they stand there, on a stack that was left up. */
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const stackDir = '.silversmith/rehearsal'

let runs: TestRuns
let stack: Started | undefined
let addresses: Readonly<Record<'S3' | 'CLICKHOUSE_URL', string>>

const commands = (): string => {
  const page = readFileSync(join(root, 'docs/coming-from.md'), 'utf8')
  const [, block = ''] = /<!-- rehearsal: run by a test -->\s+```sh\n(.*?)```/s.exec(page) ?? []
  // npm would leave the folder of the test.
  return block.replace('npm run --silent silversmith --', `node ${root}apps/cli/src/main.ts`)
}

const statements = readFileSync(
  join(root, 'libs/datasets/src/xapi-events/fixtures/every-kind.jsonl'),
  'utf8',
).trimEnd()

/** Objects of the other system; `tail` has rows of its first two lines only. */
const objects = ['whole', 'tail', 'missing'].map((name, at) => {
  const key = `section/4021/video/${name}.jsonl`
  const body = statements.replaceAll(
    /"timestamp":"[^"]+"/g,
    `"timestamp":"2026-02-0${at + 1}T14:00:00Z"`,
  )
  const etag = createHash('md5').update(body).digest('hex')
  return { key, body, url: `s3://bronze/${key}`, etag }
})

const query = async (text: string): Promise<string> => {
  const answer = await fetch(addresses.CLICKHOUSE_URL, { method: 'POST', body: text })
  return (await answer.text()).trim()
}

beforeAll(async () => {
  runs = await startTestRuns()
  stack = runs.start(['--keep', '--dir', stackDir, '--limit', '1'])
  let told = ''
  stack.child.stderr?.on('data', (part: Buffer) => (told += part.toString()))
  await vi.waitFor(() => expect(told).toContain('It goes on until Ctrl-C'), 300_000)
  const [, s3 = ''] = /^S3 +(\S+)/m.exec(told) ?? []
  const [, clickhouse = ''] = /^ClickHouse +(\S+)/m.exec(told) ?? []
  addresses = { S3: s3, CLICKHOUSE_URL: clickhouse }
  const folder = join(runs.dir, 'rehearsal')
  for (const { key, body } of objects) {
    await mkdir(join(folder, key, '..'), { recursive: true })
    await writeFile(join(folder, key), body)
  }
  const [whole, tail] = objects
  const table = torusTable('default').replace(/^.*/, 'CREATE TABLE raw_events_before (')
  await writeFile(join(folder, 'table.sql'), table)
  const rows = await torusBody([whole!, tail!], (url, line) => url === whole!.url || line <= 2)
  await writeFile(join(folder, 'rows.parquet'), rows)
})

afterAll(async () => {
  stack?.child.kill('SIGINT')
  await stack?.ended
  await runs?.close()
})

it('adopts what is there whole, and loads what was missing when the stack goes on', async () => {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands()], {
    cwd: runs.dir,
    env: { ...process.env, ...addresses, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  }).catch((error: unknown) => {
    // The plan is not empty, which is its exit code.
    return error as { readonly stdout: string }
  })
  expect(stdout).toMatch(/1 object of default\.raw_events_before would be adopted/)
  expect(stdout).toMatch(/tail\.jsonl etag \w+: 2 lines, the last is 2; its line 9, /)
  expect(stdout).toMatch(/1 object of default\.raw_events_before adopted/)
  expect(stdout).toMatch(/INSERT INTO `default`\.`raw_events`/)
  await expect
    .poll(
      () =>
        query(
          "SELECT splitByChar('/', _source)[-1] AS name, count() FROM raw_events WHERE _source LIKE '%/section/4021/video/%' GROUP BY name ORDER BY name FORMAT CSV",
        ),
      { timeout: 300_000, interval: 200 },
    )
    .toBe('"missing.jsonl",9\n"tail.jsonl",9')
})
