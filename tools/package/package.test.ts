import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3'
import { createS3Client } from '@silversmith/aws'
import { copyCheckout, createS3Server } from '@silversmith/local'
import { unzipSync } from 'fflate'
import { createHash } from 'node:crypto'
import {
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FunctionName, functionNames } from '../bundle.ts'
import { zipBytesMax } from '../function-zip.ts'
import {
  type Architecture,
  architectures,
  fetchPart,
  findSnappy,
  snappyPackageOf,
  verify,
} from '../native-part.ts'
import { openArm64Machine } from './arm64-machine.ts'
import { runPackage } from './command.ts'
import type { PlacedPackage } from './upload.ts'

interface Document {
  readonly runtime: string
  readonly handler: string
  readonly packages: readonly PlacedPackage[]
}

let dir: string
let first: Document

const build = async (args: readonly string[], environment = {}): Promise<Document> =>
  JSON.parse(await runPackage([...args, '--json'], environment)) as Document

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-packages-'))
  first = await build(['--out', join(dir, 'first')])
})

afterAll(() => rm(dir, { recursive: true, force: true }))

const packageOf = (name: FunctionName, architecture: Architecture): PlacedPackage => {
  const found = first.packages.find(
    (one) => one.function === name && one.architecture === architecture,
  )
  if (!found) throw new Error(`${name} was not packaged for ${architecture}`)
  return found
}

const zipOf = ({ file }: PlacedPackage): Promise<Buffer> => readFile(join(dir, 'first', file))

/** Machine an ELF file is for. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const elfMachine = { arm64: 183, x86_64: 62 } as const

test('there is one package per function and architecture, as packages.json says', async () => {
  expect(first).toMatchObject({ runtime: 'nodejs22.x', handler: 'index.handler' })
  expect(first.packages.map(({ file }) => file).toSorted()).toEqual(
    architectures.flatMap((one) => functionNames.map((name) => `${one}/${name}.zip`)).toSorted(),
  )
  const written = await readFile(join(dir, 'first', 'packages.json'), 'utf8')
  expect(JSON.parse(written)).toEqual(first)
  for (const made of first.packages) {
    const zip = await zipOf(made)
    expect(made.zipBytes).toBe(zip.length)
    expect(made.zipBytes).toBeLessThan(zipBytesMax)
    expect(made.sha256).toBe(createHash('sha256').update(zip).digest('hex'))
    expect(made.codeSha256).toBe(Buffer.from(made.sha256, 'hex').toString('base64'))
    const files = Object.values(unzipSync(zip))
    expect(made.unzippedBytes).toBe(files.reduce((sum, { length }) => sum + length, 0))
    expect(made.s3).toBeNull()
  }
})

/** The same files below another folder: where a package lies shows in what is built of it. */
const linkTree = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, place] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await linkTree(source, place)
    else if (entry.isFile()) await link(source, place).catch(() => copyFile(source, place))
  }
}

/** A copied checkout borrows its packages by links; a clean one has its own. */
const installOwn = async (checkout: string): Promise<void> => {
  const folder = join(checkout, 'node_modules')
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isSymbolicLink() || entry.name.startsWith('.')) continue
    const place = join(folder, entry.name)
    const source = await realpath(place)
    await rm(place)
    await linkTree(source, place)
  }
}

test('a clean build elsewhere, at another time of another zone, gives the same bytes', async () => {
  const checkout = await copyCheckout()
  try {
    await installOwn(checkout.dir)
    const line = 'umask 077 && npm run -s package -- --out out --json'
    const { code, stdout, stderr } = await checkout.run(line, { TZ: 'Asia/Kolkata' })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const second = JSON.parse(stdout) as Document
    expect(second.packages.map(({ file, sha256 }) => [file, sha256])).toEqual(
      first.packages.map(({ file, sha256 }) => [file, sha256]),
    )
  } finally {
    await checkout.close()
  }
})

describe.each(architectures)('for %s', (architecture) => {
  test('transform has the Snappy of that architecture and no other', async () => {
    const made = packageOf('transform', architecture)
    const name = snappyPackageOf(architecture)
    const files = unzipSync(await zipOf(made))
    const native = Object.keys(files).filter((path) => path.endsWith('.node'))
    expect(native).toHaveLength(1)
    expect(native[0]).toMatch(new RegExp(`^node_modules/${name}/`))
    const elf = Buffer.from(files[native[0] ?? ''] ?? [])
    expect(elf.subarray(0, 4).toString('latin1')).toBe('\x7fELF')
    expect(elf.readUInt16LE(18)).toBe(elfMachine[architecture])
    expect(made.native).toEqual([`${name}@${(await findSnappy(architecture)).version}`])
  })

  test.each(['ingest', 'bulk'] as const)('%s has no native part', async (name) => {
    const made = packageOf(name, architecture)
    expect(made.native).toEqual([])
    expect(Object.keys(unzipSync(await zipOf(made)))).toEqual(['index.mjs'])
  })
})

test('without a native part the zip is the same for every architecture', () => {
  for (const name of ['ingest', 'bulk'] as const)
    expect(packageOf(name, 'arm64').sha256).toBe(packageOf(name, 'x86_64').sha256)
  expect(packageOf('transform', 'arm64').sha256).not.toBe(packageOf('transform', 'x86_64').sha256)
})

test('a native part is what package-lock.json says, installed or got from npm', async () => {
  for (const architecture of architectures)
    expect(await fetchPart(snappyPackageOf(architecture))).toEqual(await findSnappy(architecture))
  expect(() => verify('snappy', Buffer.from('another'), 'sha512-AAAA')).toThrow(
    'snappy is not what package-lock.json says',
  )
})

const settings = {
  OBJECTS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/objects',
  IDEMPOTENCY_TABLE_NAME: 'idempotency',
  LEDGER_TABLE_NAME: 'ledger',
  SILVER_BUCKET: 'silver',
  CLICKHOUSE_URL: 'https://clickhouse.example:8443',
  CLICKHOUSE_DATABASE: 'analytics',
  AWS_REGION: 'us-east-1',
}

test('the arm64 zips start, and Snappy works in them', async ({ skip }) => {
  const machine = await openArm64Machine(process.env)
  if ('lacks' in machine) {
    const reason = `skipped: the arm64 zips were not started, for this machine cannot: ${machine.lacks}`
    console.warn(reason)
    return skip(reason)
  }
  try {
    for (const name of functionNames) {
      const folder = join(dir, 'arm64', name)
      const files = unzipSync(await zipOf(packageOf(name, 'arm64')))
      for (const [path, contents] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), contents)
      }
      const url = pathToFileURL(join(folder, 'index.mjs')).href
      const load = `const { handler } = await import(${JSON.stringify(url)}); console.log(process.arch, typeof handler)`
      expect((await machine.run(load, settings)).trim().split('\n').at(-1)).toBe('arm64 function')
      if (name !== 'transform') continue
      const pack = `import { createRequire } from 'node:module'
        const { compressSync, uncompressSync } = createRequire(${JSON.stringify(url)})('snappy')
        console.log(uncompressSync(compressSync(Buffer.from('silver '.repeat(9))), { asBuffer: false }))`
      expect((await machine.run(pack, {})).trim()).toBe('silver '.repeat(9).trim())
    }
  } finally {
    await machine.close()
  }
})

describe('what does not fit in a request', () => {
  test('is put into S3 under a name that tells its content, once', async () => {
    const server = await createS3Server({ dir: join(dir, 's3') })
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
    const client = createS3Client({
      ...{ region: 'us-east-1', endpoints: { s3: server.url }, credentials },
    })
    const own = { AWS_ENDPOINT_URL_S3: server.url, AWS_REGION: 'us-east-1' }
    const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'] as const
    const before = keys.map((key) => process.env[key])
    // The SDK finds credentials by itself, as a person's.
    for (const key of keys) process.env[key] = key === 'AWS_REGION' ? 'us-east-1' : 'any'
    try {
      await client.send(new CreateBucketCommand({ Bucket: 'code' }))
      const limit = packageOf('transform', 'arm64').zipBytes - 1
      const args = ['--out', join(dir, 'first'), '--bucket', 'code', '--direct-max', `${limit}`]
      const placed = await build(args, own)
      for (const made of placed.packages) {
        const { function: name, architecture, sha256, s3 } = made
        if (name !== 'transform') {
          expect(s3).toBeNull()
          continue
        }
        const key = `silversmith/transform-${architecture}-${sha256.slice(0, 16)}.zip`
        expect(s3).toEqual({ bucket: 'code', key })
        const got = await client.send(new GetObjectCommand({ Bucket: 'code', Key: key }))
        expect(Buffer.from(await got.Body!.transformToByteArray())).toEqual(await zipOf(made))
      }
      // There already: nothing is refused, nothing replaced.
      expect(await build(args, own)).toEqual(placed)
    } finally {
      keys.forEach((key, at) => {
        if (before[at] === undefined) delete process.env[key]
        else process.env[key] = before[at]
      })
      client.destroy()
      await server.close()
    }
  })

  test('is not made without a bucket to put it into', async () => {
    await expect(
      runPackage(['--out', join(dir, 'first'), '--direct-max', '0'], {}),
    ).rejects.toThrow(/do not fit in a request; --bucket NAME puts them into S3/)
  })
})

test.each([
  [['--arch', 'x64'], '--arch must be one of arm64, x86_64'],
  [['--direct-max', 'many'], '--direct-max must be a number of bytes'],
  [['--bucket', ''], '--bucket is empty'],
  [['--zip'], "Unknown option '--zip'"],
])('refuses %j', async (args, message) => {
  await expect(runPackage(args, {})).rejects.toThrow(message)
})
