import type { BarChart } from '../bar-chart.ts'
import type { Page } from '../bench.ts'
import type { SmallResult } from '../small.ts'
import { cpuLines, cpuSecondsOf, requestLines, requestTable } from '../stack/spent-table.ts'
import type { SmallRun } from './small-run.ts'

/** What is wanted of INSERTs: in all of one day's objects, and in each batch of many days'. */
const insertsWanted = { oneDay: 20, manyDays: 30 }

const runsOf = ({ oneDay, manyDays }: SmallResult) =>
  [
    { title: 'One day', run: oneDay, wanted: `wanted: at most ${insertsWanted.oneDay} in all` },
    {
      title: `${manyDays.days} days`,
      run: manyDays,
      wanted: `wanted: at most ${insertsWanted.manyDays} per batch`,
    },
  ] as const

const classes = (histogram: Readonly<Record<string, number>>): string =>
  Object.entries(histogram)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

const facts = (run: SmallRun, wanted: string): readonly (readonly [string, string])[] => [
  ['rows, each found once in ClickHouse and in silver', String(run.rows)],
  ['batches', String(run.batches)],
  ['INSERTs', `${run.inserts}, ${run.insertsMost} in one batch at most (${wanted})`],
  ['INSERTs by rows', classes(run.insertRows)],
  ['silver files', String(run.silverFiles)],
  ['silver files by size', classes(run.silverSizes)],
  ['seconds', `${run.seconds.toFixed(1)}, after ${run.uploadSeconds.toFixed(1)} of uploads`],
  ['objects per second', String(run.objectsPerSecond)],
  ['CPU seconds', cpuSecondsOf(run.spent).toFixed(1)],
]

const inputText = ({ oneDay: { objects, bytes } }: SmallResult): string =>
  `${objects} objects of ${(bytes / objects / 1_000).toFixed(1)} KB, two statements each`

/** For a person at a terminal. */
export const describeSmall = (result: SmallResult): string =>
  [
    inputText(result),
    ...runsOf(result).flatMap(({ title, run, wanted }) => [
      '',
      title,
      ...facts(run, wanted).map(([name, value]) => `  ${name.padEnd(51)}${value}`),
      `  CPU: ${cpuLines(run.spent)
        .map(({ name, cpuSeconds }) => `${name} ${cpuSeconds.toFixed(1)}`)
        .join(' · ')}`,
      ...requestLines(run.spent, ['ingest', 'transform'])
        .slice(0, 8)
        .map(
          ({ spender, kind, count, msEach, busySeconds }) =>
            `  ${`${spender}: ${kind}`.padEnd(36)}${String(count).padStart(7)} × ${msEach.toFixed(1).padStart(7)} ms${busySeconds.toFixed(1).padStart(8)} s under way`,
        ),
    ]),
  ].join('\n')

const chartsOf = (result: SmallResult): readonly BarChart[] =>
  runsOf(result).flatMap(({ title, run }) => [
    {
      title: `${title}: CPU seconds`,
      bars: cpuLines(run.spent).map(({ name, cpuSeconds }) => ({
        ...{ name, value: cpuSeconds, told: cpuSeconds.toFixed(1) },
      })),
    },
    {
      title: `${title}: seconds with such a request under way, all processes`,
      bars: requestLines(run.spent, ['ingest', 'transform'])
        .slice(0, 8)
        .map(({ spender, kind, busySeconds }) => ({
          ...{ name: `${spender}: ${kind}`, value: busySeconds, told: `${busySeconds} s` },
        })),
    },
  ])

export const pageOf = (result: SmallResult): Page => ({
  title: 'Many small objects through the whole stack',
  charts: chartsOf(result),
  body: `${inputText(result)}. They are uploaded first; then the functions start, and the time runs until every batch is committed. It is
the stack of \`npm start\`: the bundled functions in processes of their own, two of ingest and two of transform at most, fed by event
source mappings with the stack's usual settings; our S3, SQS and DynamoDB; the real ClickHouse engine. Afterwards the identity and hash of every row in
ClickHouse and in the Parquet files are compared with what was uploaded: one lost, doubled or unknown row ends the bench.

Requests are those of the functions, as their processes see them, from asking to the end of the answer; _under way_ is the time in which a process
had at least one of a kind open, added up over processes.

${runsOf(result)
  .map(
    ({ title, run, wanted }) => `## ${title}

| | |
| --- | --- |
${facts(run, wanted)
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join('\n')}

| CPU seconds of | |
| --- | ---: |
${cpuLines(run.spent)
  .map(({ name, cpuSeconds }) => `| ${name} | ${cpuSeconds.toFixed(1)} |`)
  .join('\n')}

${requestTable(run.spent)}`,
  )
  .join('\n\n')}`,
  notMeasured: [
    'The network and the real services: here a request costs CPU of this machine, there it costs waiting. Counts are the same, times are not.',
    'S3, SQS, DynamoDB, the mappings and the comparison share one process of this machine, and all processes its cores: what one takes the others wait for.',
    'Objects that come while others are loaded: the bench `pipeline` has them.',
  ],
})
