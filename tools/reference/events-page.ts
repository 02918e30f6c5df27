import { levelOf } from '@silversmith/aws/event-entries'
import { type EventKind, eventsSay, type MetricFacts, metrics } from '@silversmith/core'
import { command } from './datasets-page.ts'
import { code, plain, tableOf } from './markdown.ts'

const kinds = Object.keys(eventsSay) as EventKind[]

/** Everything the functions tell of themselves, as Markdown that is not formatted yet. */
export const eventsPage = (): string =>
  [
    '# Events and metrics',
    `Printed from the code by \`${command}\`; a test compares. [The runbook](../runbook.md#alarms) says which to be woken by.`,
    '## Events',
    'One line of JSON each: `message` is the kind, `event` what it tells. No payload and no secret is ever among it. Every line has `timestamp`, `level` (in capitals: `INFO`), `service` (`ingest`, `transform`, `bulk`), `pipeline`, `environment` where it is set, `mode` (`event`, `sweep`, `reconcile`, `bulk`, `dry_run`, `health_check`, `diagnostics`; `start` before the first invocation; a field of metrics, too, that of the cold start apart, and no dimension), and `function_request_id`, the id of the invocation. `started` is the one line of a cold start, before any invocation, with `settings` in force.',
    tableOf(
      ['event', 'level', 'when'],
      kinds.map((kind) => [code(kind), levelOf(kind), plain(eventsSay[kind])]),
    ),
    '## Metrics',
    'Namespace `Silversmith`, as lines of the embedded metric format, written when an invocation ends. Dimensions are `service`, `pipeline` and, where it is set, `environment`; those of a target have `target` as well, `ColdStart` has `function_name`. A count of 0 is not written, but where its absence would blind an alarm (marked 0).',
    tableOf(['metric', 'unit', 'what'], Object.entries(metrics).map(metricRow)),
    histograms,
  ].join('\n\n') + '\n'

const metricRow = ([name, facts]: readonly [string, MetricFacts]): readonly string[] => [
  `${code(name)}${facts.isOfTarget ? ' (target)' : ''}${facts.hasZero ? ' (0)' : ''}`,
  facts.unit,
  plain(facts.what),
]

const histograms = `## Histograms

How large the silver files and the INSERTs of sealed batches are. The same classes are in the event \`batch-sealed\` (\`silverFiles\`, \`inserts\`), in the
summary of \`npm start\`, and in its \`--json\` as \`silver.sizes\` and \`insertRows\`, where every class is told, also an empty one.

| silver files  | bytes            | INSERTs       | rows             |
| ------------- | ---------------- | ------------- | ---------------- |
| \`under64KiB\`  | less than 65 536 | \`under100\`    | less than 100    |
| \`under1MiB\`   | to below 1 MiB   | \`under1000\`   | to below 1 000   |
| \`under16MiB\`  | to below 16 MiB  | \`under10000\`  | to below 10 000  |
| \`under128MiB\` | to below 128 MiB | \`under100000\` | to below 100 000 |
| \`more\`        | 128 MiB and more | \`more\`        | 100 000 and more |

Files under 1 MiB cost readers more in opening than in reading; INSERTs under 1 000 rows make ClickHouse merge instead of answer. Where most are of
these classes, give transform's event source mapping a larger batch and a longer window (up to 10 000 messages and 300 s), or spread objects over fewer
days.`
