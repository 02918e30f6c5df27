import type { BatchLine } from '../tick.ts'
import { find, make, tell } from './element.ts'
import { countText, durationText, timeText } from './number.ts'

const shownMax = 40

interface Column {
  readonly title: string
  readonly className?: string
  readonly textOf: (line: BatchLine) => string
}

const progressOf = ({ done, chunks }: BatchLine, target: string): string => {
  const applied = done[target]
  if (applied === undefined) return '–'
  return applied >= chunks ? '✓' : `${applied}/${chunks}`
}

const lagOf = ({ lagMs, problem, state }: BatchLine): string => {
  if (lagMs !== undefined) return durationText(lagMs)
  if (problem !== undefined) return 'waits'
  return state === 'sealed' ? '…' : '–'
}

const columns: readonly Column[] = [
  { title: 'sealed', textOf: ({ sealedAt }) => timeText(sealedAt) },
  { title: 'batch', className: 'id', textOf: ({ id }) => `…${id.slice(-6)}` },
  { title: 'first object', className: 'key', textOf: ({ firstKey }) => firstKey },
  { title: 'objects', className: 'right', textOf: ({ objects }) => countText(objects) },
  { title: 'rows', className: 'right', textOf: ({ rows }) => countText(rows) },
  { title: 'rejected', className: 'right spoiled', textOf: ({ rejected }) => countText(rejected) },
  { title: 'silver', className: 'right', textOf: (line) => progressOf(line, 'silver') },
  { title: 'ClickHouse', className: 'right', textOf: (line) => progressOf(line, 'clickhouse') },
  { title: 'lag', className: 'right', textOf: lagOf },
]

/** The newest first. */
export const createBatchTable = () => {
  const body = find('#batch-rows')
  const none = find('#no-batches')
  const rows = new Map<string, HTMLTableRowElement>()
  find('#batch-columns').append(
    ...columns.map(({ title, className }) => {
      const head = make('th', title, className)
      head.scope = 'col'
      return head
    }),
  )
  const rowOf = (id: string): HTMLTableRowElement => {
    const known = rows.get(id)
    if (known) return known
    const row = make('tr')
    row.append(...columns.map(({ className }) => make('td', '', className)))
    rows.set(id, row)
    body.prepend(row)
    return row
  }
  const show = (line: BatchLine): void => {
    const row = rowOf(line.id)
    for (const [at, { textOf }] of columns.entries()) {
      const cell = row.cells[at]
      if (cell) tell(cell, textOf(line))
    }
    row.title = line.problem === undefined ? line.id : `${line.id}: ${line.problem}`
    row.classList.toggle('wrong', line.problem !== undefined)
    row.classList.toggle('open', line.state === 'sealed')
    row.classList.toggle('spoiled', line.rejected > 0)
  }
  return (lines: readonly BatchLine[]): void => {
    // What would be pushed out at once is not even made.
    for (const line of lines.slice(-shownMax)) show(line)
    for (const id of [...rows.keys()].slice(0, -shownMax)) {
      rows.get(id)?.remove()
      rows.delete(id)
    }
    none.hidden = rows.size > 0
  }
}
