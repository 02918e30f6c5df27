import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Bench } from './bench.ts'
import { works } from './contestant.ts'
import {
  runScenario,
  type ScenarioResult,
  type TargetName,
  targetNames,
} from './memory/run-scenario.ts'
import { type Scale, type Scenario, scenarios } from './memory/scenario.ts'
import { memoryMb, unpackTransform } from './memory/small-function.ts'
import { describeMemory, pageOf } from './memory/telling.ts'
import { heapFlagsOf } from './unpacked-function.ts'
import { readWhole, UsageError } from './usage-error.ts'

export interface MemoryResult {
  readonly memoryMb: number
  readonly heapFlags: readonly string[]
  readonly targets: readonly string[]
  /** What a scenario's peak must stay below. */
  readonly peakMiBMax: number
  readonly scenarios: Readonly<Record<string, ScenarioResult>>
}

const peakMiBMax = 256

/** The function transform, as small as it may be, given what is large. */
export const memory: Bench = {
  summary: 'the function transform of 512 MB: its largest resident set over large inputs',
  options: {
    gigabytes: {
      ...{ value: 'N', default: '2' },
      means: 'size of the large object, 2 by default; the gzip object has a tenth of it',
    },
    objects: { value: 'N', default: '5000', means: 'how many objects over many days; 5000' },
    days: { value: 'N', default: '400', means: 'how many days their statements are of; 400' },
    scenarios: {
      ...{ value: 'NAMES', default: scenarios.map(({ name }) => name).join(',') },
      means: `which of ${scenarios.map(({ name }) => name).join(',')}; all of them by default`,
    },
    targets: {
      ...{ value: 'NAMES', default: 'silver,clickhouse' },
      means: 'silver,clickhouse by default; without the engine of ClickHouse silver alone',
    },
  },
  run: async (options, tell) => {
    const { gigabytes = '', objects = '', days = '', scenarios: names = '', targets = '' } = options
    const scale: Scale = {
      gigabytes: readGigabytes(gigabytes),
      objects: readWhole('objects', objects, 1),
      days: readWhole('days', days, 2),
    }
    const chosen = chooseScenarios(names)
    const result = await runAll(chosen, await chooseTargets(targets), scale, tell)
    return { document: { ...result }, text: describeMemory(result), page: pageOf(result, scale) }
  },
}

const readGigabytes = (text: string): number => {
  const value = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 5) return value
  throw new UsageError(`--gigabytes must be a number above 0, at most 5, not "${text}"`)
}

const chooseScenarios = (names: string): readonly Scenario[] =>
  names.split(',').map((name) => {
    const found = scenarios.find((one) => one.name === name)
    if (found) return found
    const known = scenarios.map((one) => one.name).join(', ')
    throw new UsageError(`there is no scenario "${name}"; there are ${known}`)
  })

const chooseTargets = async (names: string): Promise<readonly TargetName[]> => {
  const targets = names.split(',').map((name) => {
    const found = targetNames.find((one) => one === name)
    if (!found) throw new UsageError(`--targets are of ${targetNames.join(',')}, not "${name}"`)
    return found
  })
  const engine = ['--input-type=module', '-e', "await import('chdb')"]
  if (!targets.includes('clickhouse') || (await works(process.execPath, engine))) return targets
  return ['silver']
}

const runAll = async (
  chosen: readonly Scenario[],
  targets: readonly TargetName[],
  scale: Scale,
  tell: (what: string) => void,
): Promise<MemoryResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-'))
  const results: Record<string, ScenarioResult> = {}
  try {
    const place = join(folder, 'function')
    await mkdir(place)
    const transform = await unpackTransform(place)
    for (const scenario of chosen) {
      const startedAt = performance.now()
      const tellOf = (what: string): void =>
        tell(`${scenario.title}: ${what}, ${Math.round((performance.now() - startedAt) / 1000)} s`)
      const dir = join(folder, scenario.name)
      await mkdir(dir)
      results[scenario.name] = await runScenario(scenario, {
        ...{ scale, dir, targets, transform, tell: tellOf },
      })
      await rm(dir, { recursive: true, force: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const heapFlags = heapFlagsOf(memoryMb)
  return { memoryMb, heapFlags, targets, peakMiBMax, scenarios: results }
}
