/** What happens, for the person who waits: a live line on a terminal, a line now and then elsewhere. */
export interface Progress {
  /** Replaces the live line. */
  live(text: string): void
  /** Stays. */
  note(text: string): void
  /** Takes the live line away. */
  end(): void
}

export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Between two lines where there is no terminal. */
const sparseMs = 10_000
/** Between two changes of the live line. */
const liveMs = 100
const clearLine = '\r\u001b[2K'

export const createProgress = (stream: ProgressStream, now: () => number): Progress => {
  const isTerminal = stream.isTTY === true
  let shown = ''
  let changedAt = -Infinity
  const clear = (): void => {
    if (shown !== '' && isTerminal) stream.write(clearLine)
  }
  return {
    live: (text) => {
      if (text === shown || now() - changedAt < (isTerminal ? liveMs : sparseMs)) return
      changedAt = now()
      clear()
      shown = text
      stream.write(isTerminal ? text.slice(0, (stream.columns ?? 80) - 1) : `${text}\n`)
    },
    note: (text) => {
      clear()
      stream.write(`${text}\n`)
      if (isTerminal && shown !== '') stream.write(shown.slice(0, (stream.columns ?? 80) - 1))
    },
    end: () => {
      clear()
      shown = ''
    },
  }
}
