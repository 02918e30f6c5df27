import type { BarChart } from '../bar-chart.ts'
import type { Page } from '../bench.ts'
import type { PipelineResult } from '../pipeline.ts'
import { cpuLines, cpuSecondsOf } from '../stack/spent-table.ts'
import { behindSecondsMax, type Ramp } from './ramp.ts'
import type { SteadyRun } from './steady-run.ts'

const wanted = { p50Seconds: 3, p99Seconds: 10 }

const inSeconds = (ms: number): string => (ms / 1_000).toFixed(2)

const classesOf = ({ histogram }: SteadyRun) =>
  histogram.map(({ belowMs, objects }, n) => ({
    name: Number.isFinite(belowMs)
      ? `below ${belowMs / 1_000} s`
      : `from ${(histogram[n - 1]?.belowMs ?? 0) / 1_000} s on`,
    objects,
  }))

const latencyLines = (run: SteadyRun): readonly (readonly [string, string])[] => [
  ['p50', `${inSeconds(run.p50Ms)} s (wanted: below ${wanted.p50Seconds} s)`],
  ['p90', `${inSeconds(run.p90Ms)} s`],
  ['p99', `${inSeconds(run.p99Ms)} s (wanted: below ${wanted.p99Seconds} s)`],
  ['slowest', `${inSeconds(run.mostMs)} s`],
]

const rampsOf = ({ small, large }: PipelineResult) => [small, large] as const

const rampTitle = ({ statementsPerObject }: Ramp): string =>
  `Objects of ${statementsPerObject} rows, ${(statementsPerObject * 1.1).toFixed(0)} KB`

const rampText = ({ steps, objectsPerSecond, rowsPerSecond }: Ramp): string => {
  const last = steps.at(-1)
  const end =
    last && !last.isSustained
      ? `at ${last.rate} objects/s it was ${last.behindSeconds} s behind, ${last.through} objects/s came through`
      : 'the ramp ended before it was too much'
  return `sustained ${objectsPerSecond} objects/s, ${rowsPerSecond} rows/s; ${end}`
}

const loadText = ({ latency }: PipelineResult): string =>
  `${latency.rate} objects/s for ${latency.seconds} s, two statements each, no window`

/** For a person at a terminal. */
export const describePipeline = (result: PipelineResult): string =>
  [
    `${loadText(result)}: from upload to queryable`,
    ...latencyLines(result.latency).map(([name, told]) => `  ${name.padEnd(9)}${told}`),
    `  ${cpuSecondsOf(result.latency.spent).toFixed(1)} CPU seconds: ${cpuLines(
      result.latency.spent,
    )
      .map(({ name, cpuSeconds }) => `${name} ${cpuSeconds.toFixed(1)}`)
      .join(' · ')}`,
    ...rampsOf(result).map((ramp) => `${rampTitle(ramp)}: ${rampText(ramp)}`),
    `rows of ${result.exactObjects} objects compared: each in ClickHouse and in silver once`,
  ].join('\n')

const chartsOf = (result: PipelineResult): readonly BarChart[] => [
  {
    title: `Objects by the time from upload to queryable, ${result.latency.rate} a second`,
    bars: classesOf(result.latency).map(({ name, objects }) => ({
      ...{ name, value: objects, told: String(objects) },
    })),
  },
  ...rampsOf(result).map((ramp) => ({
    title: `${rampTitle(ramp)}: objects per second that came through, by those uploaded`,
    bars: ramp.steps.map(({ rate, through }) => ({
      ...{ name: `${rate} a second`, value: through, told: String(through) },
    })),
  })),
]

const rampTable = (ramp: Ramp): string => `## ${rampTitle(ramp)}

| uploaded per second | came through per second | seconds behind at the end | sustained |
| ---: | ---: | ---: | --- |
${ramp.steps
  .map(
    ({ rate, through, behindSeconds, isSustained }) =>
      `| ${rate} | ${through} | ${behindSeconds} | ${isSustained ? 'yes' : 'no'} |`,
  )
  .join('\n')}

${rampText(ramp)}.`

export const pageOf = (result: PipelineResult): Page => ({
  title: 'From upload to queryable',
  charts: chartsOf(result),
  body: `${loadText(result)}. It is the stack of \`npm start\`: the bundled functions in processes of their own, two of ingest and two of
transform at most, fed by event source mappings; our S3, SQS and DynamoDB; the real ClickHouse engine. Without a window a
batch has at most ten messages, as on AWS. Processes start with the first objects: their cold starts are among the times.

Every object has its time of upload, whether or not the stack keeps up; its latency runs from that time to the answer of the first query that has
all its rows. A query is made every 100 ms. Afterwards the rows of all ${result.exactObjects} objects of this page are looked for in ClickHouse and in the Parquet
files: one that is not there exactly once ends the bench.

| from upload to queryable | |
| --- | --- |
${latencyLines(result.latency)
  .map(([name, told]) => `| ${name} | ${told} |`)
  .join('\n')}

| CPU seconds of | |
| --- | ---: |
${cpuLines(result.latency.spent)
  .map(({ name, cpuSeconds }) => `| ${name} | ${cpuSeconds.toFixed(1)} |`)
  .join('\n')}

The most it sustains is measured with the stack's usual mappings (a window of a second in each). Every step begins with nothing left to do and has a rate
half as high again as the one before. A rate is sustained when all is queryable ${behindSecondsMax} s after the last upload of its step.

${rampsOf(result).map(rampTable).join('\n\n')}`,
  notMeasured: [
    'AWS: there the functions have machines of their own, many at once, and requests take longer. What is sustained here is what this machine sustains.',
    'The uploader, S3, SQS, DynamoDB and the mappings share one process, which is busy with the uploads as well.',
    'Windows: with a window of a second in both mappings an object takes up to two seconds more.',
    'Hours: merges of ClickHouse over a day, growth of the ledger.',
  ],
})
