export type Row = Readonly<Record<string, unknown>>

const cellMax = 60
/** A table with more columns is shown a value a line. */
const columnsMax = 8

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string)
  return text.replaceAll(/\s+/g, ' ')
}

const cut = (text: string): string =>
  text.length > cellMax ? `${text.slice(0, cellMax - 1)}…` : text

const isNumber = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'bigint' || value === null

const asTable = (rows: readonly Row[], names: readonly string[]): string => {
  const cells = [names, ...rows.map((row) => names.map((name) => cut(textOf(row[name]))))]
  const widths = names.map((_name, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)))
  const toRight = names.map((name) => rows.every((row) => isNumber(row[name])))
  return cells
    .map((line) =>
      line
        .map((cell, at) =>
          toRight[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

/** Values that are null are left out: most columns of a wide table are, in most rows. */
const asBlocks = (rows: readonly Row[], names: readonly string[]): string => {
  const width = Math.max(...names.map((name) => name.length))
  return rows
    .map((row, at) =>
      [
        `row ${at + 1}`,
        ...names
          .filter((name) => row[name] !== null && row[name] !== undefined)
          .map((name) => `  ${name.padEnd(width)}   ${textOf(row[name])}`),
      ].join('\n'),
    )
    .join('\n\n')
}

/** Rows for a person. */
export const layOutRows = (rows: readonly Row[]): string => {
  const [first] = rows
  if (!first) return 'no rows'
  const names = Object.keys(first)
  return names.length <= columnsMax ? asTable(rows, names) : asBlocks(rows, names)
}

/** JSON text; whole numbers that are too large for a JSON number become strings. */
export const writeJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint'
      ? Number.isSafeInteger(Number(part))
        ? Number(part)
        : String(part)
      : part,
  )
