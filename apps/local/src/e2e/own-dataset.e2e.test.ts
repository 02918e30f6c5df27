import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readParquet } from '@silversmith/parquet'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startClickHouse } from '../clickhouse/engine.ts'
import { copyCheckout, type TestCheckout } from './test-checkout.ts'
import { identitiesIn } from './test-run.ts'

/** A stranger follows the README in a checkout of theirs, with a file nobody here knows. */
let checkout: TestCheckout
beforeAll(async () => {
  checkout = await copyCheckout()
})
afterAll(() => checkout?.close())

const pathOf = (...names: readonly string[]): string => join(checkout.dir, ...names)

/** Lines of the first block of shell after a heading, without their comments. */
const commandsOf = async (page: string, heading: string): Promise<readonly string[]> => {
  const text = await readFile(pathOf(page), 'utf8')
  const [, section = ''] = text.split(`${heading}\n`)
  const [, block = ''] = /```sh\n([^]*?)```/.exec(section) ?? []
  return block
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}# .*$/, ''))
}

/** What it printed. */
const follow = async (line: string, environment?: NodeJS.ProcessEnv): Promise<string> => {
  const { code, stdout, stderr } = await checkout.run(line, environment)
  expect(code, `${line}\n${stdout}\n${stderr}`).toBe(0)
  return stdout
}

const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex')

/** As `identitiesIn` has them, of an object that is all rows. */
const identitiesOf = (key: string, lines: readonly string[]): readonly string[] =>
  lines.map((line, record) => `s3://bronze/${key} ${record} ${hashOf(line)}`).sort()

const silverDir = (): string => pathOf('.silversmith/latest/silver')

const rowsIn = async (table: string): Promise<Record<string, unknown>[]> => {
  const files = await readdir(join(silverDir(), table), { recursive: true })
  const rows: Record<string, unknown>[] = []
  for (const file of files.filter((name) => name.endsWith('.parquet')))
    rows.push(...(await readParquet(await readFile(join(silverDir(), table, file)))))
  return rows.sort((a, b) => Number(a['_record']) - Number(b['_record']))
}

/** One a quarter of an hour; the last ones hold what the sample's columns do not expect. */
const readingOf = (n: number): string => {
  const at = new Date(Date.UTC(2026, 2, 1) + n * 900_000).toISOString().replace('Z', '+00:00')
  const unexpected = n < 20_000 ? '' : ',"voltage":230,"meter":{"id":"x","owner":{"name":"n"}}'
  return `{"Meter ID":${9_007_199_254_740_993n + BigInt(n)},"__proto__":{"polluted":${n}},"it's \\"odd\\"":"${n}","timestamp":"${at}","kWh":${n}.50,"ok":${n % 2 === 0},"${'long'.repeat(125)}":null,"place":{"geo":{"lat":48.${n}},"tags":["a",${n}]}${unexpected}}`
}

it('loads a stranger’s file by the words of the README', async () => {
  const lines = Array.from({ length: 20_010 }, (_, n) => readingOf(n))
  await writeFile(pathOf('my-readings.jsonl'), `${lines.join('\n')}\n`)
  const few = lines.slice(5, 9)
  await mkdir(pathOf('my-folder/meters'), { recursive: true })
  await writeFile(pathOf('my-folder/meters/few.gz'), gzipSync(few.join('\n')))
  await writeFile(pathOf('my-folder/notes.txt'), 'not a reading')
  const commands = await commandsOf('README.md', '## Your own dataset')
  const [make, load, head, print, route, ...more] = commands
  expect(more).toEqual([])

  expect(await follow(make ?? '')).toContain('timestamp is timestamp\n')
  await follow(load ?? '')
  expect(await identitiesIn(silverDir(), 'meter_readings')).toEqual(
    identitiesOf('my-readings.jsonl', lines),
  )
  const rows = await rowsIn('meter_readings')
  expect(rows[7]).toMatchObject({
    ...{ meter_id: 9_007_199_254_741_000n, proto_polluted: 7n, it_s_odd: '7', k_wh: 7.5 },
    ...{ ok: false, place_geo_lat: 48.7, place_tags: '["a",7]', _rescued: null },
    timestamp_sent: '2026-03-01T01:45:00.000+00:00',
  })
  expect(rows[20_003]).toMatchObject({
    proto_polluted: 20_003n,
    _rescued: '{"voltage":230,"meter":{"id":"x","owner":{"name":"n"}}}',
  })
  expect(await follow(head ?? '')).toContain('9007199254740993')

  await follow(print ?? '')
  const reference = await readFile(pathOf('docs/reference/datasets.md'), 'utf8')
  expect(reference).toMatch(/\| `bronze\/meter_readings\/` +\| anything +\| \[`meter_readings`\]/)
  expect(reference).toMatch(/\| `place_geo_lat` +\| `float64\?` .*\| `place\.geo\.lat` +\|/)

  const told = await follow(route ?? '')
  expect(told).toMatch(/notes\.txt {2}unrouted: .*meters\/\*\.jsonl.*meter_readings/)
  expect(await identitiesIn(silverDir(), 'meter_readings')).toEqual(
    identitiesOf('meters/few.gz', few),
  )
})

it('wrote source that passes what every source here must', async () => {
  const folder = 'libs/datasets/src/meter-readings'
  await follow(`npx prettier --check ${folder} libs/datasets/src/registry.ts`)
  await follow(`npx eslint ${folder} libs/datasets/src/registry.ts`)
  await follow('npx tsc -b libs/datasets')
  await follow('npx prettier --check docs/reference/datasets.md')
  await follow('npx vitest run --root libs/datasets')
  await follow('npx vitest run --root tools reference')
})

it('does what the example says, whose definition is the one that is written', async () => {
  const page = 'examples/own-dataset/README.md'
  const text = await readFile(pathOf(page), 'utf8')
  expect(text.split('\n').length).toBeLessThan(60)
  const [make, load, head, ...more] = await commandsOf(page, '# A dataset of your own')
  expect(more).toEqual([])
  await follow(make ?? '')
  const [, definition] = /```ts\n([^]*?)```/.exec(text) ?? []
  const written = await readFile(pathOf('libs/datasets/src/parking-tickets/dataset.ts'), 'utf8')
  expect(definition).toBe(written)
  await follow(load ?? '')
  const file = await readFile(pathOf('examples/own-dataset/parking.jsonl'), 'utf8')
  const due = identitiesOf('parking.jsonl', file.trimEnd().split('\n'))
  expect(await identitiesIn(silverDir(), 'parking_tickets')).toEqual(due)
  expect(await follow(head ?? '')).toContain('Zürich')

  const engine = await startClickHouse({ dir: pathOf('server') })
  try {
    const environment = { CLICKHOUSE_URL: engine.url, CLICKHOUSE_DATABASE: 'own' }
    await fetch(engine.url, { method: 'POST', body: 'CREATE DATABASE own' })
    await follow(`${load} --migrate`, environment)
    const body =
      "SELECT concat(_source, ' ', toString(_record), ' ', event_hash) AS row FROM own.parking_tickets ORDER BY row FORMAT TSV"
    const answer = await fetch(engine.url, { method: 'POST', body })
    expect((await answer.text()).trimEnd().split('\n')).toEqual(due)
  } finally {
    await engine.close()
  }
})
