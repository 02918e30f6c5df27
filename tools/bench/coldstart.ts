import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildOptions, bundleApps, type FunctionName } from '../bundle.ts'
import { zipBytesMax } from '../function-zip.ts'
import { architectures } from '../native-part.ts'
import { type Package, packageFunctions } from '../package/packages.ts'
import type { Bench } from './bench.ts'
import type { Start } from './coldstart/one-start.ts'
import { describeStarts, pageOf } from './coldstart/telling.ts'
import { partsOf, type ZipPart } from './coldstart/zip-parts.ts'
import { spend } from './contestant.ts'
import { heapFlagsOf, unpackFunction } from './unpacked-function.ts'
import { readWhole, UsageError } from './usage-error.ts'

export interface ColdStart extends Start {
  /** To the empty handler, of CPU time; the median of pairs of one round. */
  readonly ratio: number
  /** The same of the time that passed. */
  readonly msRatio: number
  readonly zipBytes: number
  readonly parts: readonly ZipPart[]
}

export interface ColdStartResult {
  readonly runs: number
  readonly memoryMb: number
  readonly zipBytesMax: number
  readonly empty: Start
  readonly functions: Readonly<Record<FunctionName, ColdStart>>
  /** As they are deployed. */
  readonly packages: readonly Package[]
}

const memoryMb = 512

/** Settings of all functions; nobody is asked anything before the first event. */
const environment = {
  OBJECTS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/objects',
  IDEMPOTENCY_TABLE_NAME: 'idempotency',
  LEDGER_TABLE_NAME: 'ledger',
  SILVER_BUCKET: 'silver',
  CLICKHOUSE_URL: 'https://clickhouse.example:8443',
  CLICKHOUSE_DATABASE: 'analytics',
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  // What another process compiled is not there in a new sandbox.
  NODE_DISABLE_COMPILE_CACHE: '1',
}

/** Each function's code outside its handler, beside a function that has none. */
export const coldstart: Bench = {
  summary: 'the start of each function as its zip has it, beside that of an empty handler',
  options: {
    runs: { value: 'N', default: '15', means: 'rounds, odd, 15 by default; figures are medians' },
  },
  run: async ({ runs = '' }, tell) => {
    const rounds = readWhole('runs', runs, 1)
    if (rounds % 2 === 0) throw new UsageError('--runs must be odd: figures are medians')
    const result = await measure(rounds, tell)
    return { document: { ...result }, text: describeStarts(result), page: pageOf(result) }
  },
}

const measure = async (runs: number, tell: (what: string) => void): Promise<ColdStartResult> => {
  tell('functions are bundled')
  const bundles = await bundleApps()
  const folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-'))
  try {
    const starter = join(folder, 'one-start.mjs')
    const entry = fileURLToPath(new URL('coldstart/one-start.ts', import.meta.url))
    await build({ ...buildOptions, entryPoints: [entry], outfile: starter })
    const files = new Map([['empty', join(folder, 'empty.mjs')]])
    await writeFile(files.get('empty') ?? '', 'export const handler = async () => ({})\n')
    for (const bundle of bundles) {
      const place = join(folder, bundle.name)
      await mkdir(place)
      files.set(bundle.name, await unpackFunction(bundle, place))
    }
    const rounds: ReadonlyMap<string, Start>[] = []
    for (let round = 1; round <= runs; round += 1) {
      tell(`round ${round} of ${runs}`)
      const starts = new Map<string, Start>()
      // Every second round backwards, so that nobody always starts after the same.
      for (const [name, file] of round % 2 === 0 ? [...files].toReversed() : files) {
        const args = [...heapFlagsOf(memoryMb), starter, file]
        starts.set(name, await spend<Start>(process.execPath, args, environment))
      }
      rounds.push(starts)
    }
    const functions: Partial<Record<FunctionName, ColdStart>> = {}
    for (const bundle of bundles) {
      const { name, zipBytes } = bundle
      if (zipBytes > zipBytesMax) throw new Error(`the zip of ${name} has ${zipBytes} bytes`)
      const compared = compareStarts(rounds, name)
      functions[name] = { ...compared, zipBytes, parts: await partsOf(bundle) }
    }
    return {
      ...{ runs, memoryMb, zipBytesMax, empty: medianStart(rounds, 'empty') },
      functions: functions as Record<FunctionName, ColdStart>,
      packages: await packageFunctions(architectures, join(folder, 'packages')),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Rounds = readonly ReadonlyMap<string, Start>[]

const startsOf = (rounds: Rounds, name: string): readonly Start[] =>
  rounds.map((round) => {
    const start = round.get(name)
    if (!start) throw new Error(`${name} missed a round`)
    return start
  })

const medianStart = (rounds: Rounds, name: string): Start => {
  const starts = startsOf(rounds, name)
  return {
    ms: Math.round(median(starts.map(({ ms }) => ms))),
    cpuMs: Math.round(median(starts.map(({ cpuMs }) => cpuMs))),
    peakMiB: Math.round(median(starts.map(({ peakMiB }) => peakMiB))),
  }
}

/** A ratio is the median of ratios of two starts of one round, so that a slow minute hurts both. */
export const compareStarts = (
  rounds: Rounds,
  name: string,
): Start & Pick<ColdStart, 'ratio' | 'msRatio'> => {
  const empty = startsOf(rounds, 'empty')
  const own = startsOf(rounds, name)
  const ratioOf = (of: (start: Start) => number): number =>
    Math.round(100 * median(own.map((start, at) => of(start) / of(empty[at] as Start)))) / 100
  return {
    ...medianStart(rounds, name),
    ratio: ratioOf(({ cpuMs }) => cpuMs),
    msRatio: ratioOf(({ ms }) => ms),
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number
