import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildOptions } from '../../bundle.ts'
import { type Contestant, spend, works } from '../contestant.ts'

/** Somebody who turns the statements into Parquet. */
export interface Peer {
  readonly name: string
  readonly title: string
  /** Beside this file: `<script>.ts` for Node, `.py` for Python. Called with input, output and variant. */
  readonly script: string
  /** Packages that stay outside of its bundle. */
  readonly external?: readonly string[]
  /** What of its CPU we want to take at most. */
  readonly ratioMax?: Readonly<Partial<Record<Variant, number>>>
  /** Without this package it cannot run. */
  readonly needs?: string
  /** Columns that are other ones than ours: why. */
  readonly others?: Readonly<Record<string, string>>
  /** Columns it does not have: why. */
  readonly absent?: Readonly<Record<string, string>>
}

export type Variant = 'whole' | 'plain'

const duckdb: Peer = {
  ...{
    name: 'duckdb',
    title: 'DuckDB, 1 thread',
    script: 'duckdb',
    external: ['@duckdb/node-api'],
  },
  ratioMax: { whole: 1.2, plain: 2 },
}
const parquetjs: Peer = {
  ...{ name: 'parquetjs', title: 'parquetjs, row by row', script: 'parquetjs' },
  ...{ external: ['@dsnp/parquetjs'], ratioMax: { whole: 0.25 } },
}
const hyparquetWriter: Peer = {
  ...{ name: 'hyparquet-writer', title: 'hyparquet-writer', script: 'hyparquet-writer' },
}
const clickhouse: Peer = {
  ...{ name: 'clickhouse', title: 'ClickHouse, 1 thread', script: 'clickhouse', needs: 'chdb' },
}

const added = 'seed 000 drops it'

const seed: Peer = {
  ...{ name: 'seed-000', title: 'seed 000, Python', script: 'seed_000.py', needs: 'pyarrow' },
  ratioMax: { whole: 0.35 },
  others: {
    event_id: 'a random UUID where the statement has no id',
    timestamp: 'milliseconds',
    event_type: 'tutor messages are unknown',
    page_id: 'null for videos',
    feedback: 'JSON with spaces',
    attached_objectives: 'JSON with spaces',
  },
  absent: {
    ...{ home_page: added, verb_id: added, object_id: added, video_title: added },
    ...{ video_completion_threshold: added, registration: added, enrollment_id: added },
    ...{ tutor_message: added, experiment_attributions: added, _rescued: added },
    ...{ _record: added, _part: added, _chunk: added, _generation: added, _object_time: added },
    ...{ _loaded_at: added, _dataset_version: added },
  },
}

/** The first is us. To add somebody: a script beside this file and a line here. */
export const fields: Readonly<Record<Variant, readonly Peer[]>> = {
  whole: [
    { name: 'ours', title: 'ours, whole transform', script: 'ours' },
    ...[seed, parquetjs, hyparquetWriter, duckdb, clickhouse],
  ],
  plain: [
    { name: 'ours', title: 'ours', script: 'plain-ours' },
    ...[parquetjs, hyparquetWriter, duckdb, clickhouse],
  ],
}

/** Columns in which nobody is like anybody else: names of chunks and times of runs. */
export const ownColumns: ReadonlySet<string> = new Set(['_chunk', '_object_time', '_loaded_at'])

const here = fileURLToPath(new URL('.', import.meta.url))
const cache = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url))
const isPython = (script: string): boolean => script.endsWith('.py')

/**
 * Bundles the scripts as the functions are bundled, so that nobody pays for reading TypeScript. The folder is below
 * node_modules: what stays outside is found from there.
 */
export const bundlePeers = async (): Promise<string> => {
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'bench-'))
  const byScript = new Map([...fields.whole, ...fields.plain].map((peer) => [peer.script, peer]))
  for (const { script, external = [] } of byScript.values()) {
    if (isPython(script)) continue
    const [entry, outfile] = [join(here, `${script}.ts`), join(folder, `${script}.mjs`)]
    await build({
      ...{ ...buildOptions, entryPoints: [entry], outfile, external: [...external] },
    })
  }
  return folder
}

export interface Place {
  readonly bundles: string
  readonly outputs: string
  readonly input: string
  /** An interpreter. */
  readonly python: string
}

export const outputOf = ({ outputs }: Place, { script }: Peer, variant: Variant): string =>
  join(outputs, `${script}-${variant}${script === 'ours' ? '' : '.parquet'}`)

export const contestantOf = (peer: Peer, variant: Variant, place: Place): Contestant => ({
  name: peer.name,
  title: peer.title,
  run: () => {
    const [command, script] = isPython(peer.script)
      ? [place.python, join(here, peer.script)]
      : [process.execPath, join(place.bundles, `${peer.script}.mjs`)]
    return spend(command, [script, place.input, outputOf(place, peer, variant), variant])
  },
})

/** Why it cannot run here; undefined when it can. */
export const hindrance = async (
  { script, needs }: Peer,
  python: string,
): Promise<string | undefined> => {
  if (needs === undefined) return undefined
  if (isPython(script))
    return (await works(python, ['-c', `import ${needs}`]))
      ? undefined
      : `no Python with ${needs}: name one with --python or SILVERSMITH_PYTHON`
  const load = ['--input-type=module', '-e', `await import('${needs}')`]
  return (await works(process.execPath, load))
    ? undefined
    : `the package ${needs} is not installed, or has no binary for this platform`
}
