/**
 * Adds the platform packages that an install on one platform may leave out of package-lock.json, so that `npm ci` works on all.
 *
 * npm writes an optional platform package (a native binary for another system) to the lock only when the registry it asked
 * knows it; `npm ci` then refuses a lock that misses one. Run after a change of dependencies: `npm run lock`.
 * `--check` changes nothing and fails when something is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface LockPackage {
  version?: string
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optional?: boolean
  optionalDependencies?: Record<string, string>
}

interface Lock {
  packages: Record<string, LockPackage>
}

const systems = [
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'netbsd',
  'openbsd',
  'android',
  'sunos',
  'aix',
  'openharmony',
]
const processors = [
  'arm64',
  'x64',
  'ia32',
  'arm',
  'ppc64',
  's390x',
  'riscv64',
  'loong64',
  'mips64el',
  'wasm32',
]

const find = (words: readonly string[], known: readonly string[]): string[] =>
  known.filter((name) =>
    words.some((word) => word === name || (name === 'arm' && word.startsWith('armv'))),
  )

/** What the name of a platform package says of its platform; undefined when it says nothing. */
const stubOf = (name: string, version: string): LockPackage | undefined => {
  const words = name.split(/[/-]/)
  const os = find(words, systems)
  const cpu = find(words, processors)
  if (os.length === 0 && cpu.length === 0) return undefined
  const isMusl = words.some((word) => word.startsWith('musl'))
  const isGnu = words.some((word) => word.startsWith('gnu'))
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(isMusl ? { libc: ['musl'] } : isGnu ? { libc: ['glibc'] } : {}),
    optional: true,
    ...(os.length > 0 && { os }),
  }
}

const isExact = (range: string): boolean => /^\d+\.\d+\.\d+/.test(range)

/** Mutates `lock`; names of the packages added. */
export const addPlatforms = (lock: Lock): string[] => {
  const added: string[] = []
  for (const entry of Object.values(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const isThere = Object.keys(lock.packages).some((path) =>
        path.endsWith(`node_modules/${name}`),
      )
      const stub = isThere || !isExact(range) ? undefined : stubOf(name, range)
      if (!stub) continue
      lock.packages[`node_modules/${name}`] = stub
      added.push(`${name}@${range}`)
    }
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  )
  return added
}

if (import.meta.main || process.argv[1]?.endsWith('lock-platforms.ts')) {
  const path = new URL('../package-lock.json', import.meta.url)
  const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock
  const added = addPlatforms(lock)
  const isCheck = process.argv.includes('--check')
  if (added.length === 0) console.log('package-lock.json names every platform package')
  else if (isCheck) {
    console.error(`package-lock.json misses ${added.join(', ')}; run: npm run lock`)
    process.exitCode = 1
  } else {
    writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
    console.log(`added ${added.join(', ')}`)
  }
}
