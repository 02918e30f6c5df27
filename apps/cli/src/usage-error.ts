/** The person asked for something that cannot be done; the message says what to change. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What `parseArgs` did not understand, in words of the house. */
export const unreadable = (error: unknown): UsageError => {
  const { message } = error as Error
  const [, option] =
    /^Option '(?:-\w, )?(--[\w-]+)[^']*' argument (?:missing|is ambiguous)/.exec(message) ?? []
  // Node's own text ends with advice about `--` that does not fit here.
  const [first = ''] = message.split('. To specify')
  const what = option === undefined ? first.replace(/\.$/, '') : `${option} needs a value`
  return new UsageError(`${what}; see --help`)
}
