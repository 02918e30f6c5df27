import type { Page } from '../bench.ts'
import type { MemoryResult } from '../memory.ts'
import type { ScenarioResult } from './run-scenario.ts'
import type { Scale } from './scenario.ts'

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`

const resultsOf = ({ scenarios }: MemoryResult): readonly ScenarioResult[] =>
  Object.values(scenarios)

const verdict = ({ peakMiBMax }: MemoryResult, { peakMiB }: ScenarioResult): string =>
  peakMiB < peakMiBMax ? '' : `over ${peakMiBMax}`

const inputText = ({ objects, statements, bytes }: ScenarioResult): string =>
  `${objects === 1 ? '1 object' : `${objects} objects`}, ${megabytes(bytes)}, ${statements === 1 ? '1 statement' : `${statements} statements`}`

export const describeMemory = (result: MemoryResult): string =>
  [
    `transform in ${result.memoryMb} MB; to ${result.targets.join(' and ')}; every row is right`,
    ...resultsOf(result).map((one) =>
      [
        `  ${one.title.padEnd(36)}`,
        `${String(one.peakMiB).padStart(4)} MiB ${verdict(result, one)}`.padEnd(18),
        `${one.seconds.toFixed(1).padStart(7)} s ${one.cpuSeconds.toFixed(1).padStart(7)} CPU s`,
        `  ${one.chunks} chunks, ${one.files} files; ${inputText(one)}`,
      ].join(''),
    ),
  ].join('\n')

const tableOf = (result: MemoryResult): string =>
  [
    '| what | input | peak MiB | seconds | CPU seconds | batches | chunks | silver files |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...resultsOf(result).map(
      (one) =>
        `| ${one.title} | ${inputText(one)} | ${one.peakMiB} ${verdict(result, one)} | ${one.seconds.toFixed(1)} | ${one.cpuSeconds.toFixed(1)} | ${one.batches} | ${one.chunks} | ${one.files} |`,
    ),
  ].join('\n')

export const pageOf = (result: MemoryResult, { days }: Scale): Page => ({
  title: 'Memory of a small function',
  charts: [
    {
      title: `Largest resident set; it must stay below ${result.peakMiBMax} MiB`,
      bars: resultsOf(result).map(({ title, peakMiB }) => ({
        ...{ name: title, value: peakMiB, told: `${peakMiB} MiB` },
      })),
    },
  ],
  body: `The function transform as its zip has it, native Snappy included, one process and one invocation for each line of the table,
started as Lambda starts a function of ${result.memoryMb} MB: \`${result.heapFlags.join(' ')}\`. It talks to the
servers of the local stack in other processes or in that of the benchmark: S3, DynamoDB${result.targets.includes('clickhouse') ? ', ClickHouse' : ''}. Peak is the largest resident
set as the operating system accounts for it, from the start of Node to its end; CPU seconds are user and system time of all its
threads, start-up included.

${tableOf(result)}

Statements are of all kinds, 1.1 KB each, every one with an id of its own; those of many objects go over ${days} days, each on another day
than the one before. Afterwards every row of silver is compared with what was uploaded: id, source, version and ordinal of each
statement, once, and no other row${result.targets.includes('clickhouse') ? '; of ClickHouse the number of rows, of identities and of ids, and the sum of ordinals' : ''}.`,
  notMeasured: [
    'The runtime client of Lambda and what else lives in its sandbox; Lambda counts them too.',
    'A second invocation in the same process.',
    'The network: servers are on the same machine, and share its cores with the function.',
  ],
})
