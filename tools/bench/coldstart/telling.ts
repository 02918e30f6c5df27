import { functionNames } from '../../bundle.ts'
import type { Page } from '../bench.ts'
import type { Package } from '../../package/packages.ts'
import type { ColdStart, ColdStartResult } from '../coldstart.ts'

const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(0)} kB`

const startsOf = ({ functions }: ColdStartResult): readonly (readonly [string, ColdStart])[] =>
  functionNames.map((name) => [name, functions[name]])

export const describeStarts = (result: ColdStartResult): string =>
  [
    `medians of ${result.runs} rounds; an empty handler: ${result.empty.ms} ms, ${result.empty.cpuMs} CPU ms`,
    ...startsOf(result).flatMap(
      ([name, { ms, cpuMs, ratio, msRatio, peakMiB, zipBytes, parts }]) => [
        '',
        `${name}: ${ms} ms, ${cpuMs} CPU ms, ${ratio.toFixed(1)} × an empty handler (${msRatio.toFixed(1)} × its time), ${peakMiB} MiB; zip ${kilobytes(zipBytes)}`,
        ...parts.map(
          (part) =>
            `  ${part.name.padEnd(34)}${kilobytes(part.bytes).padStart(8)} ${(100 * part.share).toFixed(0).padStart(3)} %  ${part.why}`,
        ),
      ],
    ),
  ].join('\n')

const partsTable = (name: string, { zipBytes, parts }: ColdStart): string =>
  [
    `### ${name}: ${kilobytes(zipBytes)}`,
    '',
    '| part | of the zip | | why it is there |',
    '| --- | ---: | ---: | --- |',
    ...parts.map(
      (part) =>
        `| ${part.name} | ${kilobytes(part.bytes)} | ${(100 * part.share).toFixed(0)} % | ${part.why} |`,
    ),
  ].join('\n')

const packageRow = ({ file, zipBytes, native }: Package): string =>
  `| ${file} | ${kilobytes(zipBytes)} | ${native.join(', ') || 'none: the same for every architecture'} |`

export const pageOf = (result: ColdStartResult): Page => ({
  title: 'Cold start',
  charts: [
    {
      title: 'CPU until a function is ready for its first event',
      bars: [
        ...startsOf(result).map(([name, { cpuMs }]) => ({
          ...{ name, value: cpuMs, told: `${cpuMs} ms` },
        })),
        {
          ...{ name: 'an empty handler', isOther: true },
          ...{ value: result.empty.cpuMs, told: `${result.empty.cpuMs} ms` },
        },
      ],
    },
    {
      title: `Zips; at most ${kilobytes(result.zipBytesMax)}`,
      bars: startsOf(result).map(([name, { zipBytes }]) => ({
        ...{ name, value: zipBytes, told: kilobytes(zipBytes) },
      })),
    },
  ],
  body: `Each function as its zip has it, in a process of its own that loads it as Lambda does, with the flags of ${result.memoryMb} MB, until
\`handler\` is there; beside it a module with an empty handler, in every round. Medians of ${result.runs} rounds; a ratio is of two starts of one
round. Time is from the start of the process, that of Node included, so the empty handler is Node alone.

| function | CPU ms | ms | CPU / empty | time / empty | peak MiB | zip |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${startsOf(result)
  .map(
    ([name, one]) =>
      `| ${name} | ${one.cpuMs} | ${one.ms} | ${one.ratio.toFixed(1)} | ${one.msRatio.toFixed(1)} | ${one.peakMiB} | ${kilobytes(one.zipBytes)} |`,
  )
  .join('\n')}
| an empty handler | ${result.empty.cpuMs} | ${result.empty.ms} | 1 | 1 | ${result.empty.peakMiB} | |

## What is deployed

\`npm run package\` makes a zip per architecture; the starts above are with the native code of this machine. At most ${kilobytes(result.zipBytesMax)} each.

| zip | | native code |
| --- | ---: | --- |
${result.packages.map(packageRow).join('\n')}

## What is in the zips

Bytes of the zip; of packages within the bundled file their share of it, as if all were packed equally well.

${startsOf(result)
  .map(([name, one]) => partsTable(name, one))
  .join('\n\n')}`,
  notMeasured: [
    'What Lambda does before: to find a machine, to fetch and unpack the zip, to start the sandbox.',
    'A disk that has not seen the files: they are in the page cache from the second round on.',
    'The first event: connections, credentials, the preflight of ClickHouse.',
  ],
})
