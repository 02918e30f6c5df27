import type { Spender, Spendings } from './observed-stack.ts'

/** Requests of one kind by one spender. */
export interface RequestLine {
  readonly spender: Spender
  readonly kind: string
  readonly count: number
  /** From asking to the end of the answer, of one. */
  readonly msEach: number
  /** In which at least one was under way, of all processes of the spender. */
  readonly busySeconds: number
}

const tenth = (value: number): number => Math.round(value * 10) / 10

/** Those that kept their processes longest come first. */
export const requestLines = (spendings: Spendings, spenders: readonly Spender[]) =>
  spenders
    .flatMap((spender): RequestLine[] =>
      Object.entries(spendings[spender].requests ?? {}).map(([kind, { count, ms, busyMs }]) => ({
        ...{ spender, kind, count },
        msEach: tenth(ms / count),
        busySeconds: tenth(busyMs / 1_000),
      })),
    )
    .toSorted((a, b) => b.busySeconds - a.busySeconds)

const titles: Readonly<Record<Spender, string>> = {
  ingest: 'ingest',
  transform: 'transform',
  bulk: 'bulk',
  clickhouse: 'ClickHouse',
  services: 'S3, SQS, DynamoDB, mappings',
}

export const cpuLines = (spendings: Spendings) =>
  (Object.keys(titles) as Spender[]).map((spender) => ({
    name: titles[spender],
    cpuSeconds: tenth(spendings[spender].cpuSeconds),
  }))

export const cpuSecondsOf = (spendings: Spendings): number =>
  tenth(Object.values(spendings).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0))

/** Kinds that took least are left out. */
const linesShownMax = 12

export const requestTable = (spendings: Spendings): string =>
  [
    '| who asks | for what | requests | ms each | seconds under way |',
    '| --- | --- | ---: | ---: | ---: |',
    ...requestLines(spendings, ['ingest', 'transform'])
      .slice(0, linesShownMax)
      .map(
        ({ spender, kind, count, msEach, busySeconds }) =>
          `| ${spender} | ${kind} | ${count} | ${msEach.toFixed(1)} | ${busySeconds.toFixed(1)} |`,
      ),
  ].join('\n')
