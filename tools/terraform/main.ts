import { existsSync } from 'node:fs'
import { cp, mkdtemp, mkdir, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { terraformDir } from './pipeline-data.ts'
import { createTerraform, pluginDirName, type Ran, type Terraform } from './terraform.ts'

/** One call; a registry that does not answer is no reason to wait for ever. */
const callMsMax = 900_000
const registryMsMax = 120_000
/** Each starts processes of the provider. */
const atATime = 2

const say = (text: string): void => void process.stdout.write(`${text}\n`)

interface Check {
  readonly name: string
  readonly needsProvider: boolean
  readonly run: () => Promise<Ran>
}

interface Obstacle {
  readonly why: string
  /** Checks it keeps from running. */
  readonly keeps: (check: Check) => boolean
}

/** Undefined: all can be run. */
const obstacleOf = async (dir: string): Promise<Obstacle | undefined> => {
  const probe = createTerraform(process.env, registryMsMax)
  const version = await probe.run(dir, ['version', '-no-color'])
  if (version.code !== 0) return { why: 'there is no terraform on the PATH', keeps: () => true }
  const place = join(dir, 'probe')
  await mkdir(place)
  await cp(join(terraformDir, 'modules/queue/versions.tf'), join(place, 'versions.tf'))
  const { code, output } = await probe.init(place)
  if (code === 0) return undefined
  const error = /Error: .*/.exec(output)?.[0] ?? `code ${code}`
  const why = `no provider of AWS can be had (${error}); ${pluginDirName} names a folder that has it, where there is no registry`
  return { why, keeps: ({ needsProvider }) => needsProvider }
}

const readyIn = async (
  terraform: Terraform,
  dir: string,
  args: readonly string[],
): Promise<Ran> => {
  const made = await terraform.init(dir)
  return made.code === 0 ? terraform.run(dir, args) : made
}

const checksOf = async (terraform: Terraform, copy: string): Promise<readonly Check[]> => {
  const isTested = (module: string): boolean => existsSync(join(copy, 'modules', module, 'tests'))
  const modules = (await readdir(join(copy, 'modules'))).filter(isTested).toSorted()
  const envs = (await readdir(join(copy, 'envs'))).toSorted()
  return [
    {
      name: 'fmt -check',
      needsProvider: false,
      run: () => terraform.run(copy, ['fmt', '-check', '-recursive', '-diff', '-no-color']),
    },
    ...envs.map((env) => ({
      name: `validate envs/${env}`,
      needsProvider: true,
      run: () => readyIn(terraform, join(copy, 'envs', env), ['validate', '-no-color']),
    })),
    ...modules.map((module) => ({
      name: `test modules/${module}`,
      needsProvider: true,
      run: () => readyIn(terraform, join(copy, 'modules', module), ['test', '-no-color']),
    })),
  ]
}

const runAll = async (checks: readonly Check[]): Promise<number> => {
  const left = [...checks]
  let failed = 0
  const work = async (): Promise<void> => {
    for (let check = left.shift(); check; check = left.shift()) {
      const began = performance.now()
      const { code, output } = await check.run()
      const seconds = ((performance.now() - began) / 1_000).toFixed(0)
      const runs = /(\d+) passed, (\d+) failed/.exec(output)?.[0]
      say(`${code === 0 ? 'ok' : 'FAILED'}: ${check.name}${runs ? `, ${runs}` : ''} (${seconds} s)`)
      if (code !== 0) {
        failed += 1
        say(output)
      }
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return failed
}

/** In a copy: terraform leaves folders and lock files where it works. */
const dir = await mkdtemp(join(tmpdir(), 'silversmith-terraform-'))
try {
  const copy = join(dir, 'terraform')
  await cp(terraformDir, copy, {
    recursive: true,
    filter: (path) => !/[\\/]\.terraform/.test(path.slice(terraformDir.length)),
  })
  const checks = await checksOf(createTerraform(process.env, callMsMax), copy)
  const obstacle = await obstacleOf(dir)
  const kept = obstacle ? checks.filter(obstacle.keeps) : []
  const failed = await runAll(checks.filter((check) => !kept.includes(check)))
  say(`${checks.length - kept.length - failed} passed, ${failed} failed, ${kept.length} skipped`)
  if (obstacle) {
    say(`SKIPPED: ${obstacle.why}`)
    say(`Not checked: ${kept.map(({ name }) => name).join(', ')}`)
  }
  if (failed > 0) process.exitCode = 1
} finally {
  await rm(dir, { recursive: true, force: true })
}
