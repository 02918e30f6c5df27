import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
}

const gib = 1024 ** 3

export const machineOf = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / gib),
  node: process.version,
})

/** Of this code; with `-dirty` where files differ from it. */
export const commitOf = (): string => {
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const args = ['describe', '--always', '--abbrev=10', '--exclude=*', '--dirty']
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'none'
  }
}
