import { Fault } from '@silversmith/core'

/** How far a reconcile has come. A pass begins where its place is absent. */
export interface Position {
  readonly pass: Pass
  /** Of ledger and sources: the last manifest whose batch the ledger was asked for. */
  readonly manifest?: string
  /** Of the same: where the listing of bronze goes on. */
  readonly page?: string
  /** Of batches and tokens: the last manifest or token looked at. */
  readonly from?: string
  /** Of tokens. */
  readonly target?: string
  readonly table?: string
  /** The ledger does not know a batch there is a manifest of: nothing may be sent or deleted, that may have loaded it. */
  readonly barred?: 'yes'
}

const passes = ['ledger', 'sources', 'batches', 'tokens'] as const
export type Pass = (typeof passes)[number]

export const writePosition = (position: Position): string => JSON.stringify(position)

/** @throws Fault EVENT_UNKNOWN for a text that `writePosition` did not make. */
export const readPosition = (text: string): Position => {
  const position = parse(text)
  const isKnown = passes.some((pass) => pass === position?.['pass'])
  if (position && isKnown && Object.values(position).every((value) => typeof value === 'string'))
    return position as unknown as Position
  throw new Fault(
    'EVENT_UNKNOWN',
    'the position is none that a reconcile returned; leave it out to begin anew',
  )
}

const parse = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null
      ? (parsed as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
