import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Ended } from './test-run.ts'

/** A copy of this checkout that a test may write to, installed like this one. */
export interface TestCheckout {
  readonly dir: string
  /** A line of a shell, as a person types it there. */
  run(line: string, environment?: NodeJS.ProcessEnv): Promise<Ended>
  close(): Promise<void>
}

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** What git knows, and what it will once it is added. */
const listFiles = async (): Promise<readonly string[]> => {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
  const { stdout } = await promisify(execFile)('git', args, { cwd: root, maxBuffer: 1 << 26 })
  return stdout.split('\0').filter(Boolean)
}

/** The packages of others are those of this checkout; the workspace's own are links, which in the copy lead to the copy. */
const linkPackages = async (dir: string): Promise<void> => {
  const [from, to] = [join(root, 'node_modules'), join(dir, 'node_modules')]
  const own = '@silversmith'
  await mkdir(join(to, own), { recursive: true })
  for (const name of await readdir(from))
    if (name !== own) await symlink(join(from, name), join(to, name))
  for (const name of await readdir(join(from, own)))
    await symlink(await readlink(join(from, own, name)), join(to, own, name))
}

export const copyCheckout = async (): Promise<TestCheckout> => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'silversmith-checkout-')))
  for (const path of await listFiles()) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    // A file that is deleted and not yet committed is listed, too.
    await cp(join(root, path), join(dir, path)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
  }
  await linkPackages(dir)
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS_|CLICKHOUSE_|ROUTES$|NX_)/.test(name)),
  )
  return {
    dir,
    run: async (line, own = {}) => {
      const env = { ...environment, NX_DAEMON: 'false', ...own }
      const child = spawn('sh', ['-c', line], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
      child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
      await once(child, 'close')
      return { code: child.exitCode, stdout, stderr }
    },
    close: () => rm(dir, { recursive: true, force: true }),
  }
}
