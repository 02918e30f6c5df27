/** How two multisets of names differ. A name found three times where one was due is duplicated twice. */
export interface Comparison {
  readonly lost: readonly string[]
  readonly duplicated: readonly string[]
  readonly extra: readonly string[]
}

/** @param due every name once. */
export const compare = (due: ReadonlySet<string>, found: readonly string[]): Comparison => {
  const seen = new Set<string>()
  const duplicated: string[] = []
  const extra: string[] = []
  for (const name of found) {
    if (!due.has(name)) extra.push(name)
    else if (seen.has(name)) duplicated.push(name)
    seen.add(name)
  }
  return { lost: [...due].filter((name) => !seen.has(name)), duplicated, extra }
}
