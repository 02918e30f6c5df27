import { encodeParquet, readParquet } from '@silversmith/parquet'
import type { Column, Row } from '@silversmith/core'
import { build } from 'esbuild'
import { unzipSync } from 'fflate'
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Bundle,
  buildOptions,
  bundleApps,
  type FunctionName,
  functionNames,
} from './bundle.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** What a function may weigh. Well below Lambda's limits: cold starts pay by the byte. */
const bundleBytesMax = 3 * 1024 ** 2

let bundles: ReadonlyMap<FunctionName, Bundle>
let dir: string

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bundles-'))
  bundles = new Map((await bundleApps()).map((bundle) => [bundle.name, bundle]))
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

const bundleOf = (name: FunctionName): Bundle => {
  const bundle = bundles.get(name)
  if (!bundle) throw new Error(`${name} was not bundled`)
  return bundle
}

interface Ran {
  readonly code: number
  readonly stdout: string
}

/** The bundle alone in a folder, in a Node that knows no other variables. */
const runBare = (name: FunctionName, script: string, env: Record<string, string>): Promise<Ran> => {
  const file = join(dir, `${name}.mjs`)
  copyFileSync(bundleOf(name).file, file)
  const code = `const load = () => import(${JSON.stringify(pathToFileURL(file).href)}); ${script}`
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', code],
      { cwd: dir, env, timeout: 300_000 },
      (error, stdout) => resolve({ code: error ? Number(error.code ?? -1) : 0, stdout }),
    )
  })
}

const missing: Record<FunctionName, readonly string[]> = {
  ingest: ['OBJECTS_QUEUE_URL', 'IDEMPOTENCY_TABLE_NAME'],
  transform: [
    'LEDGER_TABLE_NAME',
    'SILVER_BUCKET',
    'CLICKHOUSE_DATABASE',
    'CLICKHOUSE_URL or CLICKHOUSE_HOST',
  ],
  bulk: [
    'LEDGER_TABLE_NAME',
    'SILVER_BUCKET',
    'OBJECTS_QUEUE_URL',
    'CLICKHOUSE_DATABASE',
    'CLICKHOUSE_URL or CLICKHOUSE_HOST',
  ],
}

const enough = {
  OBJECTS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/objects',
  IDEMPOTENCY_TABLE_NAME: 'idempotency',
  LEDGER_TABLE_NAME: 'ledger',
  SILVER_BUCKET: 'silver',
  CLICKHOUSE_URL: 'https://clickhouse.example:8443',
  CLICKHOUSE_DATABASE: 'analytics',
  CLICKHOUSE_PASSWORD: 'correct-horse',
  AWS_REGION: 'us-east-1',
}

describe.each(functionNames)('the bundle of %s', (name) => {
  test('needs nothing beside it but its settings, and says which', async () => {
    const { stdout } = await runBare(
      name,
      'await load().catch((error) => console.log(error.code + "\\n" + error.message))',
      {},
    )
    const [code, , ...lines] = stdout.trim().split('\n')
    expect(code).toBe('SETTINGS_INVALID')
    expect(
      lines.map(
        (line) => /^- (.+?)( or QUEUE_URL| or IDEMPOTENCY_TABLE)? is missing: .+/.exec(line)?.[1],
      ),
    ).toEqual(missing[name])
  })

  test('starts with them, tells once what is in force without secrets, and holds nothing open', async () => {
    const { code, stdout } = await runBare(
      name,
      'const { handler } = await load(); console.log(typeof handler)',
      enough,
    )
    const lines = stdout.trim().split('\n')
    expect(code).toBe(0)
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      message: 'started',
      service: name,
      settings: { pipeline: 'default' },
    })
    expect(lines[1]).toBe('function')
    expect(stdout).not.toContain('correct-horse')
  })

  test('holds no package that is for development', () => {
    const inside = bundleOf(name).packages.map(([packageName]) => packageName)
    expect(inside).toContain('@aws-sdk/client-s3')
    expect(inside.filter((one) => developmentPackages().has(one))).toEqual([])
    expect(inside.filter((one) => /^(apps|libs)\/(local|cli|simulation)$/.test(one))).toEqual([])
  })

  test('calls nothing that Node warns of', () => {
    expect(readFileSync(bundleOf(name).file, 'utf8')).not.toMatch(/new Buffer\(/)
  })

  test('is light', () => {
    expect(bundleOf(name).sizeBytes).toBeLessThan(bundleBytesMax)
  })

  test('is zipped alone, the same bytes every time', async () => {
    const first = readFileSync(bundleOf(name).zip)
    const native = name === 'transform' ? /^node_modules\/(snappy|@napi-rs\/snappy-linux-)/ : /^$/
    const [main, ...others] = Object.keys(unzipSync(first))
    expect(main).toBe('index.mjs')
    expect(others.filter((path) => !native.test(path))).toEqual([])
    expect(Buffer.from(unzipSync(first)['index.mjs'] ?? [])).toEqual(
      readFileSync(bundleOf(name).file),
    )
    await bundleApps([name])
    expect(readFileSync(bundleOf(name).zip).equals(first)).toBe(true)
  })
})

describe('the Parquet encoder in a bundle', () => {
  test('writes what the one from source writes, and it reads back', async () => {
    const file = join(dir, 'encoder.mjs')
    await build({
      ...buildOptions,
      stdin: {
        contents: "export { encodeParquet } from '@silversmith/parquet'",
        resolveDir: join(root, 'apps', 'transform'),
      },
      outfile: file,
    })
    const bundled = (await import(pathToFileURL(file).href)) as {
      encodeParquet: typeof encodeParquet
    }
    const column = (name: string, type: Column['type'], nullable: boolean): Column => ({
      ...{ name, type, nullable, description: name },
    })
    const columns = [
      column('text', 'text', true),
      column('category', 'category', false),
      column('big', 'uint64', false),
      column('score', 'float64', true),
      column('ok', 'boolean', true),
      column('at', 'timestamp', false),
    ]
    const rows: Row[] = Array.from({ length: 3_000 }, (_, n) => [
      n % 3 === 0 ? null : `naïve ${n} 🦉`,
      `c${n % 5}`,
      n % 2 === 0 ? 2n ** 64n - 1n : n,
      n % 7 === 0 ? null : n / 3,
      n % 4 === 0 ? null : n % 4 === 1,
      1_770_818_611_402_000 + n,
    ])
    for (const compression of ['snappy', 'gzip', 'none'] as const) {
      const bytes = await bundled.encodeParquet(columns, rows, { compression })
      const source = await encodeParquet(columns, rows, { compression })
      // Beside this bundle there is no native Snappy: the same pages, packed by other code.
      if (compression !== 'snappy')
        expect(Buffer.from(bytes).equals(Buffer.from(source))).toBe(true)
      expect(await readParquet(bytes)).toEqual(await readParquet(source))
    }
  })
})

const developmentPackages = (): ReadonlySet<string> => {
  const manifests = [
    '.',
    ...['apps', 'libs'].flatMap((room) =>
      readdirSync(join(root, room)).map((name) => join(room, name)),
    ),
  ]
  const read = (folder: string) => {
    const path = join(root, folder, 'package.json')
    return existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, string>>)
      : {}
  }
  return new Set([
    ...manifests.flatMap((folder) => Object.keys(read(folder)['devDependencies'] ?? {})),
    ...Object.keys(read('.')['optionalDependencies'] ?? {}),
    'chdb',
    'dynalite',
    'fauxqs',
  ])
}
