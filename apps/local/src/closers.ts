/** What was started, to be ended in the opposite order. */
export interface Closers {
  add(close: () => Promise<unknown>): void
  /** Ends everything, also after a failure; throws the first one. May be called again. */
  close(): Promise<void>
}

export const createClosers = (): Closers => {
  const closers: (() => Promise<unknown>)[] = []
  let closing: Promise<void> | undefined
  const closeAll = async (): Promise<void> => {
    const failures: unknown[] = []
    for (let close = closers.pop(); close; close = closers.pop())
      await close().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  return {
    add: (close) => void closers.push(close),
    close: () => (closing ??= closeAll()),
  }
}
