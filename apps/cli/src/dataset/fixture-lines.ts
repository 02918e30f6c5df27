const linesMax = 20
const firstMax = 3
const charsMax = 16_384

/** What a value is, as far as columns care. */
const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value

/**
 * Some records of a sample, one a line: the first ones, and those that have a field, or a kind of value in a field, that none
 * before had. Long ones are left out.
 */
export const createFixtureLines = () => {
  const lines: string[] = []
  const seen = new Set<string>()
  return {
    /** `text`: JSON of an object. */
    offer: (text: string): void => {
      if (lines.length >= linesMax || text.length > charsMax) return
      const record = JSON.parse(text) as Readonly<Record<string, unknown>>
      const marks = Object.keys(record).map((field) => `${kindOf(record[field])} ${field}`)
      if (lines.length >= firstMax && marks.every((mark) => seen.has(mark))) return
      for (const mark of marks) seen.add(mark)
      // White space between tokens; within texts JSON has no line ends.
      lines.push(text.replaceAll(/[\r\n]+/g, ' '))
    },
    lines: (): readonly string[] => lines,
  }
}

/** A line for each reason that a dataset with the event time at this path rejects for. */
export const badLines = (time: readonly string[] | undefined): readonly string[] => [
  '7',
  '{"twice":1,"twice":2}',
  ...(time ? ['{}', ...['no time', '1999-12-31T23:59:59Z'].map((at) => nest(time, at))] : []),
]

/** Written key by key: an object cannot be given a key `__proto__` by assignment. */
const nest = (path: readonly string[], value: string): string =>
  path.reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, JSON.stringify(value))
