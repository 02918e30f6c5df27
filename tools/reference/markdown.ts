/** What Markdown would take for a tag is text. */
export const plain = (text: string): string => text.replaceAll('<', '\\<')

export const code = (text: string): string => `\`${text}\``

export const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
