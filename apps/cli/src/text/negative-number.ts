/** `--limit -1` is a wrong number, not an option of its own: as `--limit=-1` it is told so. `options` take numbers. */
export const joinNegative = (args: readonly string[], options: readonly string[]): string[] =>
  args.flatMap((arg, at) => {
    if (/^-\d/.test(arg) && options.includes(args[at - 1] ?? '')) return []
    const next = args[at + 1]
    return options.includes(arg) && next !== undefined && /^-\d/.test(next)
      ? [`${arg}=${next}`]
      : [arg]
  })
