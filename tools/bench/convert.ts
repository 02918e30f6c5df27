import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { columnsOf } from '@silversmith/core'
import { xapiEvents } from '@silversmith/datasets'
import type { Bench, BenchResult } from './bench.ts'
import { type Contest, holdContest } from './contest.ts'
import { describeContest, pageOf } from './convert/telling.ts'
import {
  bundlePeers,
  contestantOf,
  fields,
  hindrance,
  outputOf,
  ownColumns,
  type Peer,
  type Place,
  type Variant,
} from './convert/field.ts'
import {
  differences,
  fingerprintRows,
  summarize,
  type TableSummary,
} from './convert/output-check.ts'
import { plain } from './convert/plain-columns.ts'
import { statementsFile } from './statements.ts'
import { readWhole, UsageError } from './usage-error.ts'

export interface ConvertResult extends Contest {
  readonly input: { readonly statements: number; readonly bytes: number }
  readonly runs: number
  readonly plain: Contest
  readonly skipped: Readonly<Record<string, string>>
}

/** One file of statements becomes Parquet, by us and by each of the others. */
export const convert: Bench = {
  summary: 'xAPI statements in one JSONL file to Parquet, beside what else can do it',
  options: {
    statements: { value: 'N', default: '200000', means: 'how many to make; 200000 are 228 MB' },
    input: {
      ...{ value: 'FILE', isPath: true },
      means: 'statements of your own instead; all must be good ones',
    },
    runs: { value: 'N', default: '3', means: 'rounds, odd, 3 by default; figures are medians' },
    python: {
      ...{ value: 'PATH', isPath: true, default: process.env['SILVERSMITH_PYTHON'] ?? 'python3' },
      means: 'an interpreter with pyarrow, for seed 000; else SILVERSMITH_PYTHON, else python3',
    },
  },
  run: async ({ statements = '', input: given, runs = '', python = '' }, tell) => {
    const rounds = readWhole('runs', runs, 1)
    if (rounds % 2 === 0) throw new UsageError('--runs must be odd: figures are medians')
    const count = readWhole('statements', statements, 1)
    if (given !== undefined && !(await stat(given).catch(() => undefined))?.isFile())
      throw new UsageError(`--input ${given} is no file`)
    tell('statements are made')
    const input = given ?? (await statementsFile(count))
    const outputs = await mkdtemp(join(tmpdir(), 'silversmith-bench-'))
    const bundles = await bundlePeers()
    try {
      return resultOf(await runFields({ bundles, outputs, input, python }, rounds, tell))
    } finally {
      await rm(bundles, { recursive: true, force: true })
      await rm(outputs, { recursive: true, force: true })
    }
  },
}

const runFields = async (
  place: Place,
  runs: number,
  tell: (what: string) => void,
): Promise<ConvertResult> => {
  const skipped: Record<string, string> = {}
  for (const peer of new Set([...fields.whole, ...fields.plain])) {
    const why = await hindrance(peer, place.python)
    if (why !== undefined) skipped[peer.name] = why
  }
  const { size: bytes } = await stat(place.input)
  const hold = async (variant: Variant) => {
    const present = fields[variant].filter(({ name }) => !Object.hasOwn(skipped, name))
    const judge = createJudge(variant, place)
    const [ours, ...peers] = present.map((peer) => contestantOf(peer, variant, place))
    if (!ours) throw new Error('the field is empty')
    const contest = await holdContest({
      ...{ ours, peers, bytes, rounds: runs },
      onRun: (round, title) => tell(`${variant} columns, round ${round} of ${runs}: ${title}`),
      check: async ({ name }) => {
        const peer = present.find((one) => one.name === name)
        if (peer) await judge.check(peer)
      },
    })
    return { contest, rows: judge.rows() }
  }
  const whole = await hold('whole')
  const { contest: plainContest } = await hold('plain')
  return {
    ...{ input: { statements: whole.rows, bytes }, runs },
    ...{ ...whole.contest, plain: plainContest, skipped },
  }
}

/** Compares what contestants wrote with what we wrote, who are first. */
const createJudge = (variant: Variant, place: Place) => {
  const [table] = xapiEvents.tables
  const columns =
    variant === 'plain'
      ? plain.columns.filter(({ name }) => name !== '_rescued')
      : table
        ? columnsOf(table)
        : []
  let ours: { readonly files: string; readonly summary: TableSummary } | undefined
  return {
    rows: () => ours?.summary.rows ?? 0,
    check: async (peer: Peer): Promise<void> => {
      const output = outputOf(place, peer, variant)
      const files = output.endsWith('.parquet') ? output : join(output, 'silver/**/*.parquet')
      const summary = await summarize(files, columns)
      ours ??= { files, summary }
      const others = new Set([...ownColumns, ...Object.keys(peer.others ?? {})])
      const absent = new Set(Object.keys(peer.absent ?? {}))
      const found = [...differences(ours.summary, summary, others, absent)]
      const alike = columns.filter(({ name }) => !others.has(name) && !absent.has(name))
      if (
        found.length === 0 &&
        (await fingerprintRows(ours.files, alike)) !== (await fingerprintRows(files, alike))
      )
        found.push('values of some column are in other rows')
      if (found.length > 0)
        throw new Error(
          `${peer.title} wrote other rows than we (${variant} columns): ${found.join('; ')}`,
        )
    },
  }
}

const resultOf = (result: ConvertResult): BenchResult => ({
  document: { ...result },
  text: describeContest(result),
  page: pageOf(result),
})
