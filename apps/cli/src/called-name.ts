/** Of a stack by its folder: all but those of `elsewhere`. */
const commands =
  'adopt backfill batch dlq doctor drift erase explain head invoke ledger pause quarantine query rebuild reconcile repair replay resume status try'
/** They take no `--dir`: their server or files are named otherwise. */
const elsewhere = 'dataset generate migrate'
const anyOf = (names: string): string => names.replaceAll(' ', '|')
const printed = new RegExp(
  `\\bsilversmith (?=(?:(${anyOf(elsewhere)})|${anyOf(commands)})\\b)`,
  'g',
)

/** For a POSIX shell. */
export const quote = (text: string): string =>
  /^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** Every text within, with the commands it names written so that they run here: as this one was called, on the same stack. */
export const asCalled = <Value>(value: Value, dir: string | undefined): Value => {
  const call = 'npx silversmith '
  const callThere = dir === undefined ? call : `${call}--dir ${quote(dir)} `
  const rewrite = (inner: unknown): unknown => {
    if (typeof inner === 'string')
      return inner.replaceAll(printed, (_, other: unknown) =>
        other === undefined ? callThere : call,
      )
    if (Array.isArray(inner)) return inner.map(rewrite)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([name, own]) => [name, rewrite(own)]))
  }
  return rewrite(value) as Value
}
