import type { BarChart } from './bar-chart.ts'
import type { Machine } from './machine.ts'

/** One thing that is measured: `npm run bench -- <name>`. To add one, write a file like convert.ts and name it in benches.ts. */
export interface Bench {
  /** What it does, one line. */
  readonly summary: string
  /** Besides those of every bench; name → what it takes. */
  readonly options: Readonly<Record<string, BenchOption>>
  /** `tell`: progress for a person. @throws UsageError for an option that makes no sense. */
  run(options: OptionValues, tell: (what: string) => void): Promise<BenchResult>
}

export interface BenchOption {
  /** As the usage shows it, e.g. `N`. */
  readonly value: string
  readonly default?: string
  /** Names something of one machine: pages do not tell it. */
  readonly isPath?: boolean
  readonly means: string
}

export type OptionValues = Readonly<Record<string, string | undefined>>

export interface BenchResult {
  /** What `--json` prints, after machine and commit. */
  readonly document: Readonly<Record<string, unknown>>
  /** The same for a person. */
  readonly text: string
  readonly page: Page
}

/** What `--page` writes. */
export interface Page {
  readonly title: string
  /** Markdown between the machine and the chart's end: what was run, tables. */
  readonly body: string
  readonly charts: readonly BarChart[]
  readonly notMeasured: readonly string[]
  /** Where its figures were measured; absent: here and now. */
  readonly measuredOn?: { readonly machine: Machine; readonly commit: string }
}
