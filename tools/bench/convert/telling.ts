import type { BarChart } from '../bar-chart.ts'
import type { Page } from '../bench.ts'
import type { Contest } from '../contest.ts'
import type { ConvertResult } from '../convert.ts'
import { fields, ownColumns, type Variant } from './field.ts'

const titles: Readonly<Record<Variant, string>> = {
  whole: 'All columns of xapi_events, hash and lineage',
  plain: '18 plain columns',
}

interface Line {
  readonly title: string
  readonly cpuSeconds: number
  readonly peakMiB: number
  /** Absent of ourselves. */
  readonly ratio?: number
  /** What the ratio should be at most. */
  readonly ratioMax?: number | undefined
}

const linesOf = ({ ours, peers }: Contest, variant: Variant): readonly Line[] =>
  fields[variant].flatMap(({ name, title, ratioMax }) => {
    const figures = name === 'ours' ? ours : peers[name]
    return figures ? [{ title, ...figures, ratioMax: ratioMax?.[variant] }] : []
  })

const inputText = ({ input, runs }: ConvertResult): string =>
  `${input.statements} statements, ${(input.bytes / 1e6).toFixed(0)} MB; ${runs === 1 ? 'one round' : `medians of ${runs} rounds`}`

const contests = (result: ConvertResult): readonly (readonly [Variant, Contest])[] => [
  ['whole', result],
  ['plain', result.plain],
]

/** A small table for a person. */
export const describeContest = (result: ConvertResult): string =>
  [
    inputText(result),
    ...contests(result).flatMap(([variant, contest]) => [
      '',
      `${titles[variant]}; ours: ${contest.ours.mbPerCpuSecond.toFixed(0)} MB per CPU second`,
      ...linesOf(contest, variant).map(
        ({ title, cpuSeconds, peakMiB, ratio, ratioMax }) =>
          `  ${title.padEnd(24)}${cpuSeconds.toFixed(2).padStart(8)} CPU s${String(peakMiB).padStart(7)} MiB` +
          (ratio === undefined ? '' : `   ours takes ${ratio.toFixed(2)} of its CPU`) +
          (ratioMax === undefined ? '' : ` (wanted: at most ${ratioMax})`),
      ),
    ]),
    ...Object.entries(result.skipped).map(([name, why]) => `skipped ${name}: ${why}`),
  ].join('\n')

const chartsOf = (result: ConvertResult): readonly BarChart[] =>
  contests(result).flatMap(([variant, contest]) => {
    const lines = linesOf(contest, variant)
    return [
      {
        title: `${titles[variant]}: CPU seconds`,
        bars: lines.map(({ title, cpuSeconds, ratio }) => ({
          ...{ name: title, value: cpuSeconds, told: cpuSeconds.toFixed(2) },
          isOther: ratio !== undefined,
        })),
      },
      {
        title: `${titles[variant]}: peak memory`,
        bars: lines.map(({ title, peakMiB, ratio }) => ({
          ...{ name: title, value: peakMiB, told: `${peakMiB} MiB` },
          isOther: ratio !== undefined,
        })),
      },
    ]
  })

const tableOf = (contest: Contest, variant: Variant): string =>
  [
    '| who | CPU seconds | peak MiB | ours / theirs | wanted: at most |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...linesOf(contest, variant).map(
      ({ title, cpuSeconds, peakMiB, ratio, ratioMax }) =>
        `| ${title} | ${cpuSeconds.toFixed(2)} | ${peakMiB} | ${ratio?.toFixed(2) ?? ''} | ${ratioMax ?? ''} |`,
    ),
  ].join('\n')

const othersText = (): string =>
  fields.whole
    .flatMap(({ title, others, absent }) => {
      const list = Object.entries(others ?? {}).map(([name, why]) => `\`${name}\` (${why})`)
      const left = Object.keys(absent ?? {}).map((name) => `\`${name}\``)
      return list.length + left.length === 0
        ? []
        : [`- ${title}: other values in ${list.join(', ')}; without ${left.join(', ')}.`]
    })
    .join('\n')

export const pageOf = (result: ConvertResult): Page => ({
  title: 'One file of statements to Parquet',
  charts: chartsOf(result),
  body: `${inputText(result)}. CPU seconds are user and system time of a whole process, start-up included, all threads; peak is its
largest resident set; both as the operating system accounts for them. A ratio is of two processes of one round, the one told is the
median of the rounds.

Seed 000 is the Python function of oli-torus (\`cloud/xapi-etl-processor\`) that this replaces. Where a ratio is above
what is wanted of it, what bounds our CPU from below is in [ADR 3](../adr/0003-parquet-columns-of-our-own.md).

Ours is the whole of transform: claims, reading, mapping, Parquet, footers read back, staging on disk, seal, silver. The others
write one file and promise nothing. What each wrote is read by DuckDB and compared with ours: rows, and of every column the number of
values and of distinct ones, least, largest, sum, and a fingerprint of all; then a fingerprint of whole rows. Not compared: ${[...ownColumns].map((name) => `\`${name}\``).join(', ')}, and

${othersText()}

${contests(result)
  .map(
    ([variant, contest]) => `## ${titles[variant]}

${tableOf(contest, variant)}

Ours: ${contest.ours.mbPerCpuSecond.toFixed(0)} MB per CPU second.`,
  )
  .join('\n\n')}${Object.entries(result.skipped)
    .map(([name, why]) => `\n\nSkipped: ${name}: ${why}.`)
    .join('')}`,
  notMeasured: [
    'The network: no S3, no queue, no ledger but one in memory, no INSERT.',
    'Wall time. Nobody may use a second thread where a setting says so; where none does, the CPU of all threads counts.',
    'Statements that are rejected, gzip, many days or tables, many small objects.',
    'Rescued values: the SQL engines write `_rescued` empty, as it is for these statements, and look for one spelling of a key.',
    'parquetjs and hyparquet-writer get rows from our reader and our mapping; what they cost is on top of it.',
    "Seed 000's own code: its way is written anew from what it does, without its S3 client and its INSERT.",
  ],
})
