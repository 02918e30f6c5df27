import type { Inferred } from '@silversmith/datasets'

/** `meter_readings` → `meterReadingsDataset`: never a word that TypeScript or the registry has a use for. */
const constantOf = (name: string): string =>
  `${name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}Dataset`

export const folderOf = (name: string): string => name.replaceAll('_', '-')

/** A literal of TypeScript; what one would not see is escaped. */
const literal = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  )

/** The text of a `dataset.ts`, not yet formatted. */
export const writeDataset = (
  name: string,
  { columns, time }: Inferred,
  records: number,
): string => `import { column, createRowDataset } from '../row-dataset.ts'

/** Made from ${records} records. Mend types and descriptions as you like; raise the version when the same record gives another row. */
export const ${constantOf(name)} = createRowDataset({
  name: ${literal(name)},
  version: 1,
  description: ${literal(`Records of ${name}, one row each`)},
  time: ${literal(time ?? 'object')},
  rules: [
    ${columns.map(({ name: own, type, path }) => `column(${[own, type, path].map(literal).join(', ')}),`).join('\n    ')}
  ],
  orderBy: ['timestamp'],
})
`

const list = /(const inFolders: readonly Dataset\[\] = \[)([^\]]*?),?\s*\]/

/** The registry's text with one more dataset, not yet formatted; undefined when it has no list that it could be added to. */
export const addToRegistry = (registry: string, name: string): string | undefined => {
  const lastImport = registry.lastIndexOf('\nimport ')
  if (lastImport < 0 || !list.test(registry)) return undefined
  const end = registry.indexOf('\n', lastImport + 1)
  const added = `\nimport { ${constantOf(name)} } from './${folderOf(name)}/dataset.ts'`
  return `${registry.slice(0, end)}${added}${registry.slice(end)}`.replace(
    list,
    (_, begin: string, known: string) => `${begin}${known}, ${constantOf(name)}]`,
  )
}
