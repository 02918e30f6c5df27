import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

/** By the names of Lambda. */
export const architectures = ['arm64', 'x86_64'] as const
export type Architecture = (typeof architectures)[number]

const scope = '@napi-rs'

/** The package with Snappy for Lambda's Linux. */
export const snappyPackageOf = (architecture: Architecture): string =>
  `${scope}/snappy-linux-${architecture === 'arm64' ? 'arm64' : 'x64'}-gnu`

/** What a zip holds of a package; `contents` by path within it. */
export interface NativePart {
  /** `@scope/name` */
  readonly name: string
  readonly version: string
  readonly contents: Readonly<Record<string, Uint8Array>>
}

const filesOf = (name: string): readonly string[] => [
  'package.json',
  `${name.slice(scope.length + 1).replace('-', '.')}.node`,
]

const readPart = async (name: string, folder: string): Promise<NativePart> => {
  const contents = Object.fromEntries(
    await Promise.all(
      filesOf(name).map(async (file) => [file, await readFile(join(folder, file))] as const),
    ),
  )
  const { version } = JSON.parse(contents['package.json']?.toString() ?? '') as { version: string }
  return { name, version, contents }
}

/** Snappy for the Linux machines it is installed for; without it the codec in JavaScript serves. */
export const installedSnappy = async (): Promise<readonly NativePart[]> => {
  const installed = await readdir(join(root, 'node_modules', scope))
  const names = installed.filter((name) => /^snappy-linux-(x64|arm64)-gnu$/.test(name))
  return Promise.all(
    names.map((name) => readPart(`${scope}/${name}`, join(root, 'node_modules', scope, name))),
  )
}

/**
 * Snappy for an architecture, whatever this machine is: as it is installed, else as npm has it, in the version and with the hash
 * of package-lock.json. @throws Error when npm cannot get it, or what it got is something else.
 */
export const findSnappy = async (architecture: Architecture): Promise<NativePart> => {
  const name = snappyPackageOf(architecture)
  const found = (await installedSnappy()).find((part) => part.name === name)
  return found ?? (await fetchPart(name))
}

interface Locked {
  readonly version: string
  readonly integrity: string
}

const lockedOf = async (name: string): Promise<Locked> => {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Partial<Locked>>>
  }
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {}
  if (version === undefined || integrity === undefined)
    throw new Error(`package-lock.json does not say what ${name} is: npm run lock`)
  return { version, integrity }
}

const run = promisify(execFile)

/** A package that this machine has no use for, and npm therefore did not install. */
export const fetchPart = async (name: string): Promise<NativePart> => {
  const { version, integrity } = await lockedOf(name)
  const folder = await mkdtemp(join(tmpdir(), 'silversmith-native-'))
  try {
    await run(
      'npm',
      ['pack', `${name}@${version}`, '--silent', '--prefer-offline', '--pack-destination', folder],
      { cwd: root },
    ).catch((error: Error) => {
      throw new Error(`npm cannot get ${name}@${version}: ${error.message}`, { cause: error })
    })
    const [tarball = ''] = await readdir(folder)
    verify(name, await readFile(join(folder, tarball)), integrity)
    await run('tar', ['-xzf', tarball], { cwd: folder })
    return await readPart(name, join(folder, 'package'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `sha512-…`, as npm writes it. */
export const verify = (name: string, tarball: Uint8Array, integrity: string): void => {
  const [algorithm = '', ...expected] = integrity.split('-')
  const actual = createHash(algorithm).update(tarball).digest('base64')
  if (actual !== expected.join('-'))
    throw new Error(`${name} is not what package-lock.json says: its ${algorithm} is ${actual}`)
}

/** Files of the package `snappy` that choose among native parts. */
const wrapper = ['package.json', 'main.js', 'index.js', 'stream-polyfill.js', 'node-stream.js']

/** Native code cannot be bundled. Below node_modules in the zip, it is found by the `require` of libs/parquet's codec. */
export const snappyFiles = async (
  parts: readonly NativePart[],
): Promise<Readonly<Record<string, Uint8Array>>> => {
  const chosen = wrapper.map((name) => `node_modules/snappy/${name}`)
  const read = chosen.map(async (path) => [path, await readFile(join(root, path))] as const)
  return {
    ...Object.fromEntries(await Promise.all(read)),
    ...Object.fromEntries(
      parts.flatMap(({ name, contents }) =>
        Object.entries(contents).map(([file, bytes]) => [`node_modules/${name}/${file}`, bytes]),
      ),
    ),
  }
}
