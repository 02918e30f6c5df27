/** Runs `npm run check` and fails unless every task came from the Nx cache: a task that never caches hides what it depends on. */
import { spawnSync } from 'node:child_process'

const { status, stdout, stderr } = spawnSync('npm', ['run', 'check'], {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
})
const output = `${stdout}${stderr}`
const [, hits, all] = /Cache:\s+(\d+)\/(\d+) hit/.exec(output) ?? []
console.log(output.slice(-4000))
if (status !== 0 || hits === undefined || hits !== all) {
  console.error(
    `expected every task from the cache, got ${hits ?? '?'} of ${all ?? '?'} (exit ${status})`,
  )
  process.exitCode = 1
}
