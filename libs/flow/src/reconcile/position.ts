import { Fault } from '@silversmith/core'

/** How far a reconcile has come. Every pass begins where its `from` is absent. */
export type Position =
  | { readonly pass: 'sources'; readonly from?: string | undefined }
  /** `from`: key of the last manifest looked at. */
  | { readonly pass: 'batches'; readonly from?: string | undefined }
  /** `from`: the last token looked at. */
  | {
      readonly pass: 'tokens'
      readonly target?: string | undefined
      readonly table?: string | undefined
      readonly from?: string | undefined
    }

const passes: readonly unknown[] = ['sources', 'batches', 'tokens']

export const writePosition = (position: Position): string => JSON.stringify(position)

/** @throws Fault EVENT_UNKNOWN for a text that `writePosition` did not make. */
export const readPosition = (text: string): Position => {
  const position = parse(text)
  if (position && passes.includes(position['pass']) && Object.values(position).every(isText))
    return position as unknown as Position
  throw new Fault(
    'EVENT_UNKNOWN',
    'the position is none that a reconcile returned; leave it out to begin anew',
  )
}

const isText = (value: unknown): boolean => typeof value === 'string'

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
