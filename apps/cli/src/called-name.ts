const commands = [
  'reconcile',
  'batch',
  'repair',
  'ledger',
  'dlq',
  'migrate',
  'doctor',
  'try',
  'pause',
  'resume',
  'status',
  'explain',
  'query',
  'quarantine',
]
const printed = new RegExp(`\\bsilversmith (?=(?:${commands.join('|')})\\b)`, 'g')

/** For a POSIX shell. */
export const quote = (text: string): string =>
  /^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** Every text within, with the commands it names written so that they run here: as this one was called, on the same stack. */
export const asCalled = <Value>(value: Value, dir: string | undefined): Value => {
  const call = `npx silversmith ${dir === undefined ? '' : `--dir ${quote(dir)} `}`
  const rewrite = (inner: unknown): unknown => {
    if (typeof inner === 'string') return inner.replaceAll(printed, () => call)
    if (Array.isArray(inner)) return inner.map(rewrite)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([name, own]) => [name, rewrite(own)]))
  }
  return rewrite(value) as Value
}
