/** A number as it was sent: JSON.parse rounds some, and does not tell 1.0 from 1. */
export class SentNumber {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

/** Node's JSON.parse tells a reviver the source text of each number; its types do not know that. */
export const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

/** JSON with a SentNumber for every number; none for those of a record nested thousands of levels deep. */
export const parseAsSent = (text: string): unknown => {
  try {
    return parseWithSource(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined ? new SentNumber(source) : value,
    )
  } catch (error) {
    // V8 recurses for a reviver only.
    if (error instanceof RangeError) return JSON.parse(text)
    throw error
  }
}
