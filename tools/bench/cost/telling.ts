import type { BarChart } from '../bar-chart.ts'
import type { Page } from '../bench.ts'
import { insertsName } from './capacity-limits.ts'
import {
  memories,
  objectSizes,
  type Question,
  rates,
  type Report,
  usualMemoryMb,
} from './report.ts'

interface ToldSource {
  readonly title: string
  readonly meanings: Readonly<Record<string, string>>
  readonly source: {
    readonly numbers: Readonly<Record<string, number>>
    readonly from: Readonly<Record<string, string>>
  }
}

export interface Told {
  readonly question: Question
  readonly report: Report
  readonly measuredOn: NonNullable<Page['measuredOn']>
  readonly sources: readonly ToldSource[]
}

const none = '–'
const digits = 3

/** Three digits at most, never an exponent. */
const roundNumber = (value: number): string =>
  value.toLocaleString('en', { useGrouping: false, maximumSignificantDigits: digits })

const dollars = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? none
    : `$${value.toLocaleString('en', { useGrouping: false, minimumSignificantDigits: digits, maximumSignificantDigits: digits })}`

const perSecond = (value: number | null): string =>
  value === null ? 'never' : value < 1_000 ? roundNumber(value) : roundGrouped(value)

/** Exact. */
const grouped = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ')

const roundGrouped = (value: number): string =>
  grouped(Math.round(Number(value.toPrecision(digits))))

const percent = (use: number): string => `${roundNumber(use * 100)} %`

const sizeNames = ['B', 'KB', 'MB', 'GB'] as const
const sizeName = (bytes: number): string => {
  const power = Math.min(sizeNames.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${roundNumber(bytes / 1_000 ** power)} ${sizeNames[power] ?? ''}`
}

type Row = readonly string[]

const tableOf = (head: Row, rows: readonly Row[], textColumns = 1): string =>
  [head, head.map((_, at) => (at < textColumns ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

const sizeHead = objectSizes.map(sizeName)

const memoryTable = ({ report }: Told, name: 'dollarsPerGb' | 'dollarsPerMillionRecords'): string =>
  tableOf(
    ['memory of transform', ...sizeHead],
    memories.map((memoryMb, at) => [
      `${grouped(memoryMb)} MB`,
      ...report.costs.map(({ memories: own }) => dollars(own[at]?.cost?.[name])),
    ]),
  )

const parts = {
  lambda: 'Lambda',
  sqs: 'SQS',
  dynamoDb: 'DynamoDB',
  s3: 'S3',
  logs: 'logs',
} as const

const partsTable = ({ report }: Told): string =>
  tableOf(
    ['per GB', ...sizeHead],
    [
      ...(Object.keys(parts) as (keyof typeof parts)[]).map((part) => [
        parts[part],
        ...report.costs.map(({ madeOfPerGb }) => dollars(madeOfPerGb?.[part])),
      ]),
      [
        'objects in a batch',
        ...report.costs.map(({ objectsPerBatch }) =>
          objectsPerBatch === null ? none : roundNumber(objectsPerBatch),
        ),
      ],
      [
        'seconds of a batch',
        ...report.costs.map(({ secondsPerBatch }) =>
          secondsPerBatch === null ? none : roundNumber(secondsPerBatch),
        ),
      ],
      [
        'kept: silver, claims, manifests, a month',
        ...report.costs.map(({ keptPerGbMonth }) => dollars(keptPerGbMonth)),
      ],
    ],
  )

const windowTable = ({ report }: Told): string =>
  tableOf(
    ['window', 'per GB', 'per million records', 'objects in a batch', 'INSERTs per second'],
    report.windows.map(({ windowSeconds, cost, objectsPerBatch, insertsPerSecond }) => [
      `${windowSeconds} s`,
      dollars(cost?.dollarsPerGb),
      dollars(cost?.dollarsPerMillionRecords),
      objectsPerBatch === null ? none : roundNumber(objectsPerBatch),
      insertsPerSecond === null ? none : roundNumber(insertsPerSecond),
    ]),
  )

const comparisonTable = ({ report }: Told): string =>
  tableOf(
    ['per GB', ...sizeHead],
    report.comparison.map(({ name, sizes }) => [
      name,
      ...sizes.map(({ dollarsPerGb }) => dollars(dollarsPerGb)),
    ]),
  )

const capacityTable = ({ limits }: Report['capacity'][number]): string =>
  tableOf(
    [
      ...['limit', 'of what', 'setting that moves it', 'allowed'],
      ...rates.map((rate) => `used at ${grouped(rate)}/s`),
      ...['reached at objects/s', 'with the setting moved'],
    ],
    limits.map((one) => [
      ...[one.name, one.unit, one.setting, grouped(one.supply)],
      ...one.uses.map(percent),
      ...[perSecond(one.objectsPerSecond), perSecond(one.objectsPerSecondMoved)],
    ]),
    3,
  )

/** One line for each rate: what is over, the worst first with what moves it, and what comes next. */
const rateLines = ({ rates: own }: Report['capacity'][number]): readonly string[] =>
  own.map(({ objectsPerSecond, over, next }) => {
    const [worst, ...others] = over
    const tell = ({ name, use }: (typeof over)[number]): string => `${name} ${percent(use)}`
    const rate = `${grouped(objectsPerSecond)} objects/s`
    const nearest = next ? `${tell(next)} (${next.setting})` : 'none'
    if (!worst) return `${rate}: no limit is hit; nearest ${nearest}`
    const more = others.length > 0 ? `; also ${others.map(tell).join(', ')}` : ''
    return `${rate}: ${tell(worst)} (${worst.setting})${more}; nearest of the others ${nearest}`
  })

const inputText = ({ question }: Told): string => {
  const { deployment, streamBytes, days } = question
  const { ingest, transform, architecture } = deployment
  const spread = days === 1 ? 'of one day' : `of ${days} days`
  return (
    `${sizeName(streamBytes)} of JSON a second in objects of every size, batches ${spread}; ${architecture}; ` +
    `ingest ${ingest.memoryMb} MB, batches of ${ingest.batchSize}; transform batches of ${transform.batchSize}; ` +
    `windows of ${transform.windowSeconds} s`
  )
}

/** For a person at a terminal. */
export const describeCost = (told: Told): string => {
  const { report, question } = told
  return [
    inputText(told),
    ...['', `Dollars per GB and per million records, transform of ${usualMemoryMb} MB`],
    ...report.costs.map(({ objectBytes, memories: own }) => {
      const cost = own.find(({ memoryMb }) => memoryMb === usualMemoryMb)?.cost
      return `  ${sizeName(objectBytes).padEnd(8)}${dollars(cost?.dollarsPerGb).padStart(12)}${dollars(cost?.dollarsPerMillionRecords).padStart(12)}`
    }),
    ...['', `Dollars per GB beside others, objects of ${sizeName(question.objectBytes)}`],
    ...report.comparison.map(
      ({ name, ofOneSize }) => `  ${name.padEnd(28)}${dollars(ofOneSize).padStart(12)}`,
    ),
    ...report.capacity.flatMap((one) => [
      '',
      `Limits, objects of ${sizeName(question.objectBytes)}, windows of ${one.windowSeconds} s`,
      ...rateLines(one).map((line) => `  ${line}`),
    ]),
  ].join('\n')
}

const chartsOf = ({ report, question }: Told): readonly BarChart[] => {
  const [capacity] = report.capacity
  return [
    {
      title: `Dollars per GB by size of objects, transform of ${usualMemoryMb} MB`,
      bars: report.costs.flatMap(({ objectBytes, memories: own }) => {
        const cost = own.find(({ memoryMb }) => memoryMb === usualMemoryMb)?.cost
        return cost ? [barOf(sizeName(objectBytes), cost.dollarsPerGb)] : []
      }),
    },
    {
      title: `Dollars per GB, objects of ${sizeName(question.objectBytes)}`,
      bars: report.comparison.flatMap(({ name, ofOneSize, isOther }) =>
        ofOneSize === null ? [] : [{ ...barOf(name, ofOneSize), isOther }],
      ),
    },
    {
      title: `Objects of ${sizeName(question.objectBytes)} a second at which a limit is reached (logarithmic)`,
      bars: (capacity?.limits ?? []).flatMap(({ name, objectsPerSecond }) =>
        objectsPerSecond === null
          ? []
          : [{ name, value: Math.log10(objectsPerSecond + 1), told: perSecond(objectsPerSecond) }],
      ),
    },
  ]
}

const barOf = (name: string, value: number) => ({ name, value, told: dollars(value) })

const sourceTable = ({ title, meanings, source }: ToldSource): string => `### ${title}

${tableOf(
  ['name', 'what', 'from', 'value'],
  Object.entries(meanings).map(([name, what]) => [
    ...[`\`${name}\``, what, source.from[name] ?? ''],
    ...[String(source.numbers[name])],
  ]),
  3,
)}`

const capacityText = ({ question, report }: Told): string => {
  const { insertsPerSecond, partsBeforeDelay } = question.inputs.limits
  const [usual] = report.capacity
  const inserts = usual?.limits.find(({ name }) => name === insertsName)
  const least = (inserts?.uses[0] ?? 0) * insertsPerSecond
  const lines = report.capacity.map(
    (one) => `Windows of ${one.windowSeconds} s:

${rateLines(one)
  .map((line) => `- ${line}.`)
  .join('\n')}`,
  )
  return `${lines.join('\n\n')}

With windows of ${usual?.windowSeconds} s, in the order in which they are reached:

${usual ? capacityTable(usual) : ''}

ClickHouse's INSERTs per second are advice: at ${rates[0]} objects/s there are ${roundNumber(least)}, and were no part ever merged, a month's partition would have
the ${grouped(partsBeforeDelay)} parts from which on ClickHouse delays INSERTs in ${roundGrouped(partsBeforeDelay / least)} s.`
}

export const pageOf = (told: Told): Page => ({
  title: 'What it costs, and what limits it',
  charts: chartsOf(told),
  measuredOn: told.measuredOn,
  body: bodyOf(told),
  notMeasured: [
    'AWS. Nothing here ran there: CPU is of the machine above, counts of requests are of the code, waits for services are assumptions (marked so in the inputs).',
    'ClickHouse: its servers, and the way to them (NAT, PrivateLink, traffic to another region or provider).',
    'Bronze: storing the JSON and putting it there, which whoever uploads pays either way.',
    'Cold starts, TLS, retries, throttling, redeliveries, rejected records and their quarantine, the sweep, reconcile, reloads, dead letters, metrics ($ per metric), alarms, X-Ray, tax, free tiers and discounts.',
    'Whether a memory setting holds the work: this page knows CPU and time only.',
    'arm64: its price can be asked for, its speed was not measured.',
    'Merges of ClickHouse. Its advice of INSERTs per second is taken as the limit; a server may bear several times as many.',
  ],
})

const bodyOf = (told: Told): string => {
  const { question, report } = told
  const size = sizeName(question.objectBytes)
  return `Nothing is run: figures measured before, list prices and quotas are put together by the counts of requests in \`libs/flow/src/cost/calls.ts\`, which a test
compares with the code. Each of the three files can be replaced: \`--measured FILE\`, \`--prices FILE\`, \`--limits FILE\`; the command printed this page.

${inputText(told)}. A GB is 10⁹ bytes of JSON. CPU comes with memory, one vCPU at ${grouped(question.inputs.limits.lambdaMbPerCpu)} MB, and more than one is of no use to one thread.
Computing and waiting are added up, though they overlap in part, so Lambda's share is too large by that; by TLS, which is not in it, too small. Without a backlog a mapping gathers ${question.inputs.limits.mappingBatches} batches at a time,
each for a window.

## Dollars per GB

${memoryTable(told, 'dollarsPerGb')}

## Dollars per million records

${memoryTable(told, 'dollarsPerMillionRecords')}

Records of ${grouped(question.inputs.figures.recordBytes)} bytes; an object of 1 KB holds one.

## What it is made of

Transform of ${grouped(usualMemoryMb)} MB:

${partsTable(told)}

When nothing comes, the two mappings' polling costs ${dollars(report.idlePerMonth)} a month.

## Windows

Objects of ${size}. A longer window makes fewer, larger batches, files and INSERTs, and every object up to so much later, twice:

${windowTable(told)}

## Beside others

Transform of ${grouped(usualMemoryMb)} MB.

${comparisonTable(told)}

${report.comparison
  .filter((one) => one.told !== '')
  .map((one) => `- **${one.name}**: ${one.told}`)
  .join('\n')}

${none}: it does not fit into the function's memory or time.

## What limits it

Objects of ${size}, transform of ${grouped(question.deployment.transform.memoryMb)} MB and ingest of ${grouped(question.deployment.ingest.memoryMb)} MB as in the local stack. 100 % is all a limit allows. Beyond a limit messages wait in their
queues, as long as these keep them. With the setting moved, all else as before, a limit is reached at the rate in the last column.

${capacityText(told)}

## Inputs

${told.sources.map(sourceTable).join('\n\n')}`
}
