/** For the person who waits; nothing where nobody watches. */
export interface Progress {
  /** Somebody watches. */
  readonly isWatched: boolean
  /** Replaces the line shown before. */
  show(text: string): void
  /** Takes the line away. */
  end(): void
}

export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const clearLine = '\r\u001b[2K'
const defaultColumns = 80

export const createProgress = (stream: ProgressStream): Progress => {
  let isShown = false
  const write = (text: string): void => {
    if (stream.isTTY !== true || (text === '' && !isShown)) return
    stream.write(`${clearLine}${text.slice(0, (stream.columns ?? defaultColumns) - 1)}`)
    isShown = text !== ''
  }
  return { isWatched: stream.isTTY === true, show: write, end: () => write('') }
}
