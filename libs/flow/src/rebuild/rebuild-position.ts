/** How far a rebuild has come. */
export interface Position {
  /** The last manifest that was begun with; absent: none. */
  readonly from?: string
  /** There is none behind it. */
  readonly isAtEnd?: true
  /** Manifests up to `from` that are not done with: key → chunks, from the first, that are. About `openMax`. */
  readonly open: Readonly<Record<string, number>>
  /** A manifest all of whose chunks were seen in the target: should they be gone later, so may be all that was filled before. */
  readonly witness?: string
}

/**
 * Manifests kept in a position, and up to three more; while so many wait nothing new is begun. Each has 64 bytes of an item of the
 * ledger, which may have 4 kB.
 */
export const openMax = 48

export const writePosition = (position: Position): string => JSON.stringify(position)

/** Undefined for a text that `writePosition` of this release did not make: whoever has it begins anew, which is always right. */
export const readPosition = (text: string): Position | undefined => {
  const { from, isAtEnd, open, witness } = parse(text)
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
  const isRight =
    isText(from) &&
    isText(witness) &&
    (isAtEnd === undefined || isAtEnd === true) &&
    typeof open === 'object' &&
    open !== null &&
    Object.values(open).every((count) => Number.isSafeInteger(count))
  return isRight ? (parse(text) as unknown as Position) : undefined
}

const parse = (text: string): Readonly<Partial<Record<keyof Position, unknown>>> => {
  try {
    return (JSON.parse(text) ?? {}) as Readonly<Partial<Record<keyof Position, unknown>>>
  } catch {
    return {}
  }
}
