import type { Report } from './report.ts'

const number = (value: number): string => value.toLocaleString('en-US').replaceAll(',', ' ')

const sizeOf = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`
}

/** Columns wide enough for their cells: the first to the left, numbers to the right. */
const layOut = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)),
    [],
  )
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('   ')
      .trimEnd(),
  )
}

const counts = (record: Readonly<Record<string, number>>): string =>
  Object.entries(record)
    .map(([name, count]) => `${name} ${number(count)}`)
    .join(' · ')

const plural = (count: number, noun: string): string =>
  `${number(count)} ${noun}${count === 1 ? '' : 's'}`

/** No lines without rows: a header alone says nothing. */
const asTable = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => (rows.length === 0 ? [] : layOut([header, ...rows]))

const datasetLines = ({ datasets }: Report): readonly string[] =>
  asTable(
    ['dataset', 'records', 'rows', 'rejected'],
    Object.entries(datasets).map(([name, { records, rows, rejected }]) => [
      name,
      number(records),
      number(rows),
      number(rejected),
    ]),
  )

const tableLines = ({ tables }: Report): readonly string[] =>
  asTable(
    ['table', 'rows', 'distinct'],
    Object.entries(tables).map(([name, { rows, distinct }]) => [
      name,
      number(rows),
      number(distinct),
    ]),
  )

const driftShownMax = 5

/** Kept in `_rescued`: what no column took. */
const driftLines = ({ drift }: Report): readonly string[] => {
  if (drift.length === 0) return []
  const shown = drift.slice(0, driftShownMax)
  return [
    shown.length < drift.length
      ? `values that fit no column, ${shown.length} of ${drift.length}${drift.length === 100 ? ' and more' : ''} paths:`
      : 'values that fit no column:',
    ...shown.map(
      ({ table, path, kind, rows }) =>
        `  ${table}  ${plain(path)}  ${kind}, ${plural(rows, 'row')}`,
    ),
  ]
}

const refusedShownMax = 10

/** Names are the uploader's: what would move the cursor is not written. */
const plain = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\ufffd')

const refusedLines = ({ objects, dispositions, refused }: Report): readonly string[] => {
  if (refused.length === 0) return []
  const all = objects - (dispositions['rows'] ?? 0)
  const shown = refused.slice(0, refusedShownMax)
  return [
    all > shown.length
      ? `objects without rows, ${shown.length} of ${number(all)}:`
      : 'objects without rows:',
    ...shown.map(
      ({ source, disposition, reason }) => `  ${plain(source)}  ${disposition}: ${plain(reason)}`,
    ),
  ]
}

/** Classes that something is in. */
const classes = (histogram: Readonly<Record<string, number>>): string =>
  counts(Object.fromEntries(Object.entries(histogram).filter(([, count]) => count > 0)))

const placeLines = (report: Report): readonly string[] => {
  const { silver, quarantine, inserts, insertRows, clickhouseUrl } = report
  return [
    ...(silver.files > 0
      ? [
          `silver      ${plural(silver.files, 'file')}, ${sizeOf(silver.bytes)} (${classes(silver.sizes)}): ${report.silverDir}`,
        ]
      : []),
    ...(quarantine.files > 0
      ? [
          `quarantine  ${plural(quarantine.records, 'record')} in ${plural(quarantine.files, 'file')}: ${report.quarantineDir}`,
        ]
      : []),
    ...(inserts > 0
      ? [
          `clickhouse  ${plural(inserts, 'insert')} (rows: ${classes(insertRows)})${clickhouseUrl ? `: ${clickhouseUrl}` : ''}`,
        ]
      : []),
    `DLQ         ${number(report.dlq)}`,
  ]
}

const largestOf = ({ tables }: Report): string | undefined =>
  Object.entries(tables).sort(([, a], [, b]) => b.rows - a.rows)[0]?.[0]

/** Three questions to begin with, for the largest table. */
export const queriesFor = (report: Report, from: (table: string) => string): readonly string[] => {
  const largest = largestOf(report)
  if (largest === undefined) return []
  const source = from(largest)
  return [
    `SELECT CAST(timestamp AS DATE) AS day, count(*) AS n FROM ${source} GROUP BY day ORDER BY day`,
    `SELECT _source, count(*) AS n FROM ${source} GROUP BY _source ORDER BY n DESC LIMIT 10`,
    `SELECT _source, _record, _line, _chunk, timestamp FROM ${source} ORDER BY timestamp DESC LIMIT 5`,
  ]
}

const queryLines = (report: Report, dir: string | undefined): readonly string[] => {
  const place = dir === undefined ? '' : ` --dir ${dir}`
  if (report.clickhouseUrl !== null)
    return [
      'ask ClickHouse:',
      ...queriesFor(report, (table) => table).map(
        (query) => `  npm run silversmith -- query "${query}"${place}`,
      ),
    ]
  const largest = largestOf(report)
  if (report.silver.files > 0 && largest !== undefined)
    return [
      'first rows of a table:',
      `  npm run silversmith -- head ${largest}${place}`,
      'ask the files, with duckdb or clickhouse-local for instance (--keep leaves ClickHouse up to be asked):',
      ...queriesFor(report, (table) => `'${report.silverDir}/${table}/*/*.parquet'`).map(
        (query) => `  ${query}`,
      ),
    ]
  return []
}

/** Nothing was recognised: most likely a file of one's own. */
const routeLines = ({ objects, dispositions }: Report): readonly string[] =>
  objects > 0 && dispositions['unrouted'] === objects
    ? [
        'No route takes the keys of these objects, so that nothing was read: --dataset NAME says what they are (see --help), and npm run silversmith -- dataset new NAME --from FILE makes a dataset for their like.',
      ]
    : []

/** `dir`: the state's folder where it is not the default one. */
export const humanReport = (report: Report, dir?: string): string => {
  const { objects, messages, records, rows, rejected, discarded, duplicates, seconds } = report
  const sources = [
    ...(objects > messages || messages === 0 ? [plural(objects - messages, 'object')] : []),
    ...(messages > 0 ? [plural(messages, 'message')] : []),
  ]
  const parts = [
    plural(rows, 'row'),
    `${number(rejected)} rejected`,
    ...(discarded > 0 ? [`${number(discarded)} discarded`] : []),
  ]
  const repeated =
    duplicates > 0
      ? ` (${plural(duplicates, 'duplicate')} by content: equal lines, each of them a row)`
      : ''
  const sections = [
    [
      `${sources.join(', ')}, ${plural(records, 'record')}: ${parts.join(', ')}${repeated} in ${seconds} s`,
    ],
    datasetLines(report),
    tableLines(report),
    [
      ...(objects > 0 ? [`objects     ${counts(report.dispositions)}`] : []),
      ...(rejected > 0 ? [`rejected    ${counts(report.rejectedByReason)}`] : []),
      ...placeLines(report),
    ],
    driftLines(report),
    refusedLines(report),
    routeLines(report),
    queryLines(report, dir),
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}
