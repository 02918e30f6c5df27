import {
  clickHouseType,
  currentViewName,
  partitionKeyOf,
  sortingKeyOf,
} from '@silversmith/clickhouse'
import {
  type Column,
  type ColumnType,
  type Dataset,
  type Field,
  lineageColumns,
  type Route,
  type ScalarType,
  type Table,
} from '@silversmith/core'
import { readingRejections } from '@silversmith/flow'
import { formOf } from '@silversmith/parquet'
import { code, plain, tableOf } from './markdown.ts'

/** With which the page is printed again. */
export const command = 'npm run reference'

/** Everything that definitions say of datasets, as Markdown that is not formatted yet. */
export const datasetsPage = (datasets: readonly Dataset[], routes: readonly Route[]): string =>
  [
    '# Datasets',
    `Printed from the definitions by \`${command}\`; a test compares. The same definitions make the Parquet files, the ClickHouse tables and the check of every record. Where a column is from: of several paths in a record the first with a value counts, unless the column says otherwise.`,
    '## Routes',
    'Where objects go by default, by their keys; the first that fits counts. An environment may have its own. Other datasets are named by routes of yours or by `--dataset`.',
    tableOf(['key begins with', 'and ends with', 'dataset'], routes.map(routeRow)),
    '## Types',
    'A `?` behind a type says that the column may be null. A column of lists, maps or structs never is: empty ones say that there is nothing.',
    tableOf(['type', 'Parquet', 'ClickHouse'], typeRows(datasets)),
    '## Reasons of every dataset',
    'Why a record is in quarantine, whatever its dataset; those of a dataset follow with it.',
    reasonTable(readingRejections),
    '## Columns of every table',
    'Behind its own, in this order. The row identity is `_source`, `_version`, `_record` and `_part`.',
    columnTable(lineageColumns),
    ...datasets.flatMap(datasetParts),
  ].join('\n\n') + '\n'

const datasetParts = (dataset: Dataset): readonly string[] => [
  `## ${dataset.name}`,
  `${sentence(dataset.description)} Version ${dataset.version} of the mapping.`,
  reasonTable(dataset.rejections ?? {}),
  ...dataset.tables.flatMap(tableParts),
]

const tableParts = (table: Table): readonly string[] => [
  `### Table ${code(table.name)}`,
  sentence(table.description),
  [
    `- Silver: ${code(`silver/${table.name}/dt=YYYY-MM-DD/`)}, the UTC day of ${code('timestamp')}`,
    `- ClickHouse: ${code(`PARTITION BY ${partitionKeyOf(table)}`)}, ${code(`ORDER BY (${sortingKeyOf(table).join(', ')})`)}`,
    ...(table.retentionDays === undefined
      ? []
      : [
          `- Rows are kept for ${table.retentionDays} days after that of their ${code('timestamp')}`,
        ]),
    ...(table.indexes.length > 0
      ? [`- Skip indexes: ${table.indexes.map(({ column }) => code(column)).join(', ')}`]
      : []),
  ].join('\n'),
  columnTable(table.columns),
  tableOf(
    ['view', 'shows'],
    [
      [code(currentViewName(table.name)), 'the rows that count; the others read from it'],
      ...table.views.map(({ name, description }) => [code(name), plain(description)]),
    ],
  ),
]

const routeRow = ({ prefix, suffixes, dataset }: Route): readonly string[] => [
  code(prefix),
  suffixes.map(code).join(', ') || 'anything',
  `[${code(dataset)}](#${dataset})`,
]

const typeRows = (datasets: readonly Dataset[]): readonly (readonly string[])[] => {
  const columns = [...datasets.flatMap(({ tables }) => tables.flatMap((table) => table.columns))]
  const scalars = [...columns, ...lineageColumns].flatMap(({ type }) => scalarsOf(type))
  const byName = new Map(scalars.map((type) => [typeText(type), type]))
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, type]) => {
      const { physical, converted } = formOf(type)
      const parquet = converted ? `${physical}, ${converted}` : physical
      return [code(name), parquet, code(clickHouseType({ type, nullable: false }))]
    })
}

const scalarsOf = (type: ColumnType): readonly ScalarType[] => {
  if (typeof type === 'string' || 'decimal' in type) return [type]
  if ('list' in type) return scalarsOf(type.list.type)
  if ('map' in type) return scalarsOf(type.map.type)
  return Object.values(type.struct).flatMap((field) => scalarsOf(field.type))
}

const typeText = (type: ColumnType): string => {
  if (typeof type === 'string') return type
  if ('decimal' in type) return `decimal(${type.decimal.precision}, ${type.decimal.scale})`
  if ('list' in type) return `list<${fieldText(type.list)}>`
  if ('map' in type) return `map<text, ${fieldText(type.map)}>`
  const fields = Object.entries(type.struct).map(([name, field]) => `${name}: ${fieldText(field)}`)
  return `struct<${fields.join(', ')}>`
}

const fieldText = ({ type, nullable }: Field): string => `${typeText(type)}${nullable ? '?' : ''}`

const reasonTable = (rejections: Readonly<Record<string, string>>): string =>
  tableOf(
    ['rejected as', 'when'],
    Object.entries(rejections).map(([reason, when]) => [code(reason), plain(when)]),
  )

const columnTable = (columns: readonly Column[]): string => {
  const hasPaths = columns.some(({ paths }) => paths)
  return tableOf(
    ['column', 'type', 'what', ...(hasPaths ? ['from'] : [])],
    columns.map((column) => [
      code(column.name),
      code(fieldText(column)),
      plain(column.description),
      ...(hasPaths
        ? [
            foldSchemes(column.paths ?? [])
              .map(code)
              .join(', '),
          ]
        : []),
    ]),
  )
}

/** Two paths that differ in `http` and `https` only are told as one of `http(s)`. */
const foldSchemes = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    if (paths.includes(path.replace('https://', 'http://')) && path.includes('https://')) return []
    const twin = path.replace('http://', 'https://')
    return [path !== twin && paths.includes(twin) ? path.replace('http://', 'http(s)://') : path]
  })

const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`)
