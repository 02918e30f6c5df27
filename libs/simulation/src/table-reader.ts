/** The tables of a Markdown text, each as its rows of cells, the header first. */
export const readTables = (markdown: string): readonly (readonly (readonly string[])[])[] => {
  const tables: string[][][] = []
  let isInside = false
  for (const line of markdown.split('\n')) {
    const isRow = line.startsWith('|')
    if (isRow && !isInside) tables.push([])
    isInside = isRow
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    if (isRow && !cells.every((cell) => /^:?-+:?$/.test(cell))) tables.at(-1)?.push(cells)
  }
  return tables
}
