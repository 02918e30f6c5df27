import { build, type BuildOptions, type Metafile, type OutputFile, type Plugin } from 'esbuild'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { zipFunction } from './function-zip.ts'
import { installedSnappy, snappyFiles } from './native-part.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export const functionNames = ['ingest', 'transform', 'bulk'] as const

export type FunctionName = (typeof functionNames)[number]

export interface Bundle {
  readonly name: FunctionName
  /** ESM file that exports `handler`. */
  readonly file: string
  /** The file Lambda takes. Equal sources give equal bytes. */
  readonly zip: string
  readonly sizeBytes: number
  readonly zipBytes: number
  /** Packages inside, with their bytes, largest first. */
  readonly packages: readonly (readonly [name: string, sizeBytes: number])[]
}

/** CommonJS packages within an ESM file need a `require`. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"

/**
 * Parts of packages that our code does not reach, by what imports them: readers from S3 and BSON columns of parquetjs, connections
 * and servers of thrift. Each becomes a module that loads and throws when it is called after all.
 */
const unreached: readonly { readonly from: RegExp; readonly names: readonly string[] }[] = [
  { from: /node_modules\/@dsnp\/parquetjs\//, names: ['@aws-sdk/client-s3', 'bson'] },
  {
    from: /node_modules\/thrift\//,
    names: [
      ...['./connection', './http_connection', './ws_connection', './xhr_connection', './server'],
      ...['./web_server', './multiplexed_processor', './multiplexed_protocol', './json_protocol'],
    ],
  },
]

const unreachedModule = (name: string): string => `
  const absent = () => { throw new Error(${JSON.stringify(`${name} is not in this bundle: see tools/bundle.ts`)}) }
  module.exports = new Proxy({}, { get: (_, key) => (key === '__esModule' ? true : absent) })`

const leaveOutUnreached: Plugin = {
  name: 'leave-out-unreached',
  setup: ({ onResolve, onLoad }) => {
    const names = unreached.flatMap((one) => one.names)
    onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path, importer }) =>
      unreached.some(({ from, names }) => from.test(importer) && names.includes(path))
        ? { path, namespace: 'unreached' }
        : undefined,
    )
    onLoad({ filter: /./, namespace: 'unreached' }, ({ path }) => ({
      contents: unreachedModule(path),
    }))
  },
}

/**
 * `new Buffer` of old packages warns at run time once they are no longer below node_modules. The call means the same by its
 * present names.
 */
const renewBuffers: Plugin = {
  name: 'renew-buffers',
  setup: ({ onLoad }) => {
    onLoad({ filter: /node_modules\/(thrift|node-int64)\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes('new Buffer(')) return undefined
      return {
        contents: `${text.replaceAll('new Buffer(', 'newBuffer(')}
          function newBuffer(of, encoding) {
            return typeof of === 'number' ? Buffer.alloc(of) : Buffer.from(of, encoding)
          }`,
      }
    })
  },
}

/**
 * An ES module that imports `node:http` has all its exports evaluated, and one of them loads the whole of undici: a tenth of
 * what a function's start takes. To require it does not.
 */
const requireHttp: Plugin = {
  name: 'require-http',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: 'required' }))
    onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
  },
}

/** How every bundle is built; tests build parts of one with the same. */
export const buildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  banner: { js: requireBanner },
  plugins: [leaveOutUnreached, renewBuffers, requireHttp],
  logLevel: 'warning',
} as const satisfies BuildOptions

/**
 * Bundles Lambdas to `apps/<name>/dist`: `index.mjs`, its source map beside it, and `<name>.zip`. The SDK is inside: the
 * runtime's own drifts with AWS's releases, and a bundle that runs alone can be tested alone.
 */
export const bundleApps = async (
  names: readonly FunctionName[] = functionNames,
): Promise<readonly Bundle[]> => Promise.all(names.map(bundleApp))

/** A function's code, before it is zipped. */
export interface BuiltFunction {
  readonly code: Uint8Array
  /** All that esbuild made, with the path each is for. */
  readonly outputs: readonly OutputFile[]
  readonly metafile: Metafile
  /** Its code asks for native Snappy. */
  readonly isSnappyWanted: boolean
}

/** Nothing is written. */
export const buildFunction = async (name: FunctionName): Promise<BuiltFunction> => {
  const { metafile, outputFiles } = await build({
    ...buildOptions,
    entryPoints: [join(root, 'apps', name, 'src', 'main.ts')],
    outfile: join(root, 'apps', name, 'dist', 'index.mjs'),
    sourcemap: 'linked',
    metafile: true,
    write: false,
  })
  const code = outputFiles.find(({ path }) => path.endsWith('.mjs'))
  if (!code) throw new Error(`esbuild made no bundle of ${name}`)
  const inside = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))
  const isSnappyWanted = inside.includes('libs/parquet/src/file/codec.ts')
  return { code: code.contents, outputs: outputFiles, metafile, isSnappyWanted }
}

const bundleApp = async (name: FunctionName): Promise<Bundle> => {
  const dist = join(root, 'apps', name, 'dist')
  const { code, outputs, metafile, isSnappyWanted } = await buildFunction(name)
  const native = isSnappyWanted ? await snappyFiles(await installedSnappy()) : {}
  const zipped = zipFunction({ 'index.mjs': code, ...native })
  const zip = join(dist, `${name}.zip`)
  await mkdir(dist, { recursive: true })
  for (const { path, contents } of outputs) await replaceFile(path, contents)
  await replaceFile(zip, zipped)
  return {
    name,
    file: join(dist, 'index.mjs'),
    zip,
    sizeBytes: code.length,
    zipBytes: zipped.length,
    packages: packagesOf(metafile),
  }
}

/** Whole or not at all: somebody may be reading the last one. */
export const replaceFile = async (path: string, contents: Uint8Array): Promise<void> => {
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, contents)
  await rename(fresh, path)
}

const packagesOf = (metafile: Metafile): Bundle['packages'] => {
  const bytes = new Map<string, number>()
  for (const output of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = packageOf(path)
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput)
    }
  }
  return [...bytes].toSorted(([, one], [, other]) => other - one)
}

/** `node_modules/a/node_modules/@b/c/d.js` → `@b/c`; a file of ours → its workspace. */
const packageOf = (path: string): string =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/').slice(0, 2).join('/')

const isMain = process.argv[1] === fileURLToPath(import.meta.url)
if (isMain) {
  const asked = process.argv.slice(2)
  const strangers = asked.filter((name) => !functionNames.some((known) => known === name))
  if (strangers.length > 0) throw new Error(`no such function: ${strangers.join(', ')}`)
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`
  for (const bundle of await bundleApps(asked.length > 0 ? (asked as FunctionName[]) : undefined)) {
    const top = bundle.packages.slice(0, 8).map(([name, bytes]) => `${name} ${kib(bytes)}`)
    console.log(
      `${relative(root, bundle.zip)}  ${kib(bundle.sizeBytes)}, zipped ${kib(bundle.zipBytes)}`,
    )
    console.log(`  ${top.join(', ')}`)
  }
}
