import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import ts from 'typescript'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runDatasetNew } from './dataset-new.ts'
import { readCommandLine } from '../command-line.ts'

const registryPath = 'libs/datasets/src/registry.ts'
const registryFile = fileURLToPath(new URL(`../../../../${registryPath}`, import.meta.url))
const own = 'libs/datasets/src/meter-readings'

/** A checkout with nothing but the registry. */
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'silversmith-dataset-'))
  await mkdir(join(root, 'libs/datasets/src'), { recursive: true })
  await cp(registryFile, join(root, registryPath))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const make = async (
  body: string | Buffer,
  { name = 'sample.jsonl', time = [] as string[] } = {},
) => {
  const file = join(root, name)
  await writeFile(file, body)
  const args = ['dataset', 'new', 'meter_readings', '--from', file, ...time]
  const command = readCommandLine(args)
  if (command.kind !== 'dataset new') throw new Error('not read')
  return runDatasetNew(command, root)
}

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')

const lines = [
  '{"meterId":"m-1","at":"2026-03-01T00:00:00+01:00","kWh":12.5,"place":{"city":"Ulm"}}',
  '{"meterId":"m-2","at":"2026-03-01T00:15:00+01:00","kWh":13,"tags":["a"]}',
]
const jsonl = lines.join('\n')

describe('dataset new', () => {
  it('writes the definition, a fixture with what becomes of it, and the registry line', async () => {
    const { document, text, code } = await make(jsonl)
    expect({ document, code }).toMatchObject({
      document: { dataset: 'meter_readings', folder: own, time: ['at'], fixtureLines: 2 },
      code: 0,
    })
    expect(text).toContain('timestamp is at\n')
    expect(text).toContain(
      `npm start -- --input ${join(root, 'sample.jsonl')} --dataset meter_readings`,
    )
    expect(await read(`${own}/dataset.ts`))
      .toBe(`import { column, createRowDataset } from '../row-dataset.ts'

/** Made from 2 records. Mend types and descriptions as you like; raise the version when the same record gives another row. */
export const meterReadingsDataset = createRowDataset({
  name: 'meter_readings',
  version: 1,
  description: 'Records of meter_readings, one row each',
  time: ['at'],
  rules: [
    column('meter_id', 'text', ['meterId']),
    column('at', 'text', ['at']),
    column('k_wh', 'float64', ['kWh']),
    column('place_city', 'text', ['place', 'city']),
    column('tags', 'json', ['tags']),
  ],
  orderBy: ['timestamp'],
})
`)
    expect(await read(`${own}/fixtures/sample.jsonl`)).toBe(`${jsonl}\n`)
    expect(JSON.parse(await read(`${own}/fixtures/sample.rejected.json`))).toEqual([])
    expect(JSON.parse(await read(`${own}/fixtures/sample.rows.json`))).toMatchObject([
      { line: 1, timestamp: 1_772_319_600_000_000, meter_id: 'm-1', k_wh: 12.5, place_city: 'Ulm' },
      { line: 2, at: '2026-03-01T00:15:00+01:00', k_wh: 13, tags: '["a"]' },
    ])
    expect(JSON.parse(await read(`${own}/fixtures/rejected.rows.json`))).toEqual([])
    expect(JSON.parse(await read(`${own}/fixtures/rejected.rejected.json`))).toEqual([
      { line: 1, reason: 'not_an_object' },
      { line: 2, reason: 'duplicate_key' },
      { line: 3, reason: 'timestamp_missing', path: 'at' },
      { line: 4, reason: 'timestamp_invalid', path: 'at' },
      { line: 5, reason: 'timestamp_out_of_range', path: 'at' },
    ])
    const registry = await read(registryPath)
    expect(registry).toContain(
      "import { meterReadingsDataset } from './meter-readings/dataset.ts'\n",
    )
    expect(registry).toMatch(/inFolders[^=]*= \[[^\]]*, *\n? *meterReadingsDataset,?\s*\]/)
    expect(registry.replaceAll(/^.*meterReadingsDataset.*$/gm, '').length).toBeGreaterThan(500)
  })

  it.each([
    ['an array', `[${lines.join(',\n')}]`, 'sample.json'],
    [
      'a pretty document each',
      lines.map((line) => JSON.stringify(JSON.parse(line), null, 2)).join('\n'),
      'sample.json',
    ],
    ['gzip', gzipSync(jsonl), 'sample.jsonl'],
    ['gzip of an array', gzipSync(`[${lines.join()}]`), 'sample.json.gz'],
    ['lines with a byte order mark and CRLF', `\ufeff${lines.join('\r\n')}\r\n`, 'sample.txt'],
  ])('reads %s as the pipeline does', async (_, body, name) => {
    const { document } = await make(body, { name })
    expect(document).toMatchObject({ sample: { records: 2, isWhole: true, refused: {} } })
    const fixture = await read(`${own}/fixtures/sample.jsonl`)
    expect(
      fixture
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(lines.map((line): unknown => JSON.parse(line)))
  })

  it('reads so much of a file only, and keeps few lines of it', async () => {
    const many = Array.from({ length: 12_000 }, (_, n) => `{"at":"2026-03-01","n":${n}}`)
    const { document, text } = await make([...many, '{"late":1}'].join('\n'))
    expect(document).toMatchObject({ sample: { records: 10_000, isWhole: false }, fixtureLines: 3 })
    expect(text).toContain('2 columns from the first 10000 records')
    const wide = Array.from(
      { length: 300 },
      (_, n) => `{"at":"2026-03-01","f${n}":"${'x'.repeat(n)}"}`,
    )
    await rm(join(root, own), { recursive: true })
    expect(await make(wide.join('\n'))).toMatchObject({
      document: { fixtureLines: 20 },
      text: expect.stringContaining('there are more than 200 fields'),
    })
  })

  it('reads 64 MB of it at most, and keeps no long record', async () => {
    const long = `{"at":"2026-03-01","x":"${'x'.repeat(2 ** 20)}"}\n`
    const { document } = await make(gzipSync(long.repeat(80), { level: 1 }))
    expect(document).toMatchObject({ sample: { isWhole: false }, fixtureLines: 0 })
    expect(await read(`${own}/fixtures/sample.jsonl`)).toBe('')
  })

  it('says what is no record, and which fields are times', async () => {
    const bad = ['{"a":1', '7', '{"ended":"2026-03-02"}']
    const { document, text } = await make([...lines, ...bad].join('\n'))
    expect(document).toMatchObject({
      time: null,
      sample: { records: 3, refused: { invalid_json: 1, not_an_object: 1 } },
    })
    expect(text).toContain("timestamp is the object's Last-Modified: no field is a time in every")
    expect(text).toContain('--time takes one that is in some: at, ended\n')
    expect(text).toContain('no JSON objects: invalid_json 1, not_an_object 1\n')
  })

  it('takes the event time that is asked for, and says what it costs', async () => {
    const { document, text } = await make(`${jsonl}\n{"k":1}`, { time: ['--time', 'at'] })
    expect(document).toMatchObject({ time: ['at'] })
    expect(text).toContain('no time is there in 1 record of the sample')
    expect(JSON.parse(await read(`${own}/fixtures/sample.rejected.json`))).toEqual([
      { line: 3, reason: 'timestamp_missing', path: 'at' },
    ])
    await rm(join(root, own), { recursive: true })
    await expect(make(jsonl, { time: ['--time', 'kWh'] })).rejects.toThrow(
      /--time kWh: nothing there is a time .*fields that are: at$/,
    )
  })

  it('overwrites nothing', async () => {
    await make(jsonl)
    const before = [await read(registryPath), await read(`${own}/dataset.ts`)]
    await expect(make('{"x":1}')).rejects.toThrow(/meter-readings is there already/)
    expect([await read(registryPath), await read(`${own}/dataset.ts`)]).toEqual(before)
  })

  it('leaves nothing behind when it fails', async () => {
    await writeFile(join(root, registryPath), 'export const datasets = []\n')
    await expect(make(jsonl)).rejects.toThrow(/has no list inFolders/)
    await expect(make('7\n')).rejects.toThrow(/it has no JSON objects: not_an_object 1/)
    await expect(make('')).rejects.toThrow(/it has no JSON objects$/)
    await expect(make('{}')).rejects.toThrow(/have no fields/)
    await expect(make(gzipSync(jsonl).subarray(0, 60))).rejects.toThrow(/damaged or truncated gzip/)
    expect(await readdir(join(root, 'libs/datasets/src'))).toEqual(['registry.ts'])
    // Nothing can be written there.
    const fresh = `registry.ts.${process.pid}`
    await mkdir(join(root, 'libs/datasets/src', fresh))
    await cp(registryFile, join(root, registryPath))
    await expect(make(jsonl)).rejects.toThrow(/EISDIR/)
    expect(await readdir(join(root, 'libs/datasets/src'))).toEqual(['registry.ts', fresh])
  })

  it('says what is wrong with a file it cannot read', async () => {
    const command = { kind: 'dataset new', name: 'own', time: undefined, json: false } as const
    await expect(runDatasetNew({ ...command, file: join(root, 'none') }, root)).rejects.toThrow(
      /--from .*none: there is no such file/,
    )
    await expect(runDatasetNew({ ...command, file: root }, root)).rejects.toThrow(/it is a folder/)
  })

  it('writes TypeScript whatever the fields are called', async () => {
    const names = [
      '__proto__',
      'constructor',
      "a'b",
      'a"b',
      'a`${b}`',
      '*/ x()',
      '\\',
      '\u202e',
      '\u2028',
      '\ud800',
      '\n',
      '',
      'x'.repeat(500),
      '😀',
    ]
    const record = `{${names.map((name) => `${JSON.stringify(name)}:{"${'deep'}":1,"b c":"2026-03-01"}`).join()}}`
    const { document } = await make(record, { time: ['--time', '["a\'b"]["b c"]'] })
    expect(document).toMatchObject({ time: ["a'b", 'b c'] })
    const text = await read(`${own}/dataset.ts`)
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028\u202e\ud800]/)
    const source = ts.createSourceFile('dataset.ts', text, ts.ScriptTarget.Latest, true)
    const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true })
    expect(diagnostics).toEqual([])
    const paths: string[][] = []
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText() === 'column') {
        const path = node.arguments[2]
        if (path && ts.isArrayLiteralExpression(path))
          paths.push(path.elements.map((key) => (ts.isStringLiteral(key) ? key.text : '?')))
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
    expect(paths).toEqual(
      names.flatMap((name) => [
        [name, 'deep'],
        [name, 'b c'],
      ]),
    )
  })
})

describe('the name', () => {
  it.each([
    ['MeterReadings', /must be words of lower-case letters/],
    ['meter-readings', /must be words/],
    ['meter__readings', /must be words/],
    ['meter_2', /must be words/],
    ['2meters', /must be words/],
    ['../x', /must be words/],
    ['__proto__', /must be words/],
    ['x'.repeat(41), /at most 40/],
    ['shipments', /is taken by the dataset shipments; nothing is overwritten/],
    ['raw_events', /is taken by the dataset xapi_events/],
    ['xapi_events_all', /is taken by the dataset/],
    ['shipments_current', /as the names of views/],
  ])('%s is refused', (name, reason) => {
    expect(() => readCommandLine(['dataset', 'new', name, '--from', 'x'])).toThrow(reason)
  })

  it('and the sample must be given', () => {
    expect(() => readCommandLine(['dataset', 'new'])).toThrow(/needs a name/)
    expect(() => readCommandLine(['dataset', 'new', 'own'])).toThrow(/needs --from FILE/)
    expect(() => readCommandLine(['dataset', 'new', 'own', '--from', ''])).toThrow(/--from FILE/)
    expect(() => readCommandLine(['dataset', 'new', 'own', '--from', 'x', '--time='])).toThrow(
      /--time is empty/,
    )
    expect(readCommandLine(['dataset', 'new', 'class', '--from', 'x'])).toMatchObject({
      ...{ kind: 'dataset new', name: 'class', file: 'x', time: undefined, json: false },
    })
  })
})
