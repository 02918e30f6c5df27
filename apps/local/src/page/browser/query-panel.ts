import type { Hello, Refusal, Table, Tick } from '../tick.ts'
import { find, make, tell } from './element.ts'
import { countText, plural } from './number.ts'

interface Example {
  readonly name: string
  readonly statementOf: (table: string) => string
}

const examples: readonly Example[] = [
  {
    name: 'tables',
    statementOf: () =>
      `SELECT name, total_rows FROM system.tables WHERE database = currentDatabase()`,
  },
  {
    name: 'rows by object',
    statementOf: (table) =>
      `SELECT _source, count() AS rows FROM ${table} GROUP BY _source ORDER BY rows DESC`,
  },
  {
    name: 'newest rows',
    statementOf: (table) => `SELECT * FROM ${table} ORDER BY _loaded_at DESC LIMIT 20`,
  },
]

const quote = (name: string): string => (/^\w+$/.test(name) ? name : `\`${name}\``)

const isNumeric = (type: string): boolean => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type)

const tableOf = ({ columns, rows }: Table): HTMLTableElement => {
  const table = make('table')
  const sides = columns.map(({ type }) => (isNumeric(type) ? 'right' : ''))
  const heads = columns.map(({ name, type }, at) => {
    const head = make('th', name, sides[at])
    head.title = type
    head.scope = 'col'
    return head
  })
  const lines = rows.map((cells) => {
    const line = make('tr')
    line.append(
      ...cells.map((cell, at) => make('td', cell ?? 'NULL', cell === null ? 'null' : sides[at])),
    )
    return line
  })
  const head = make('tr')
  head.append(...heads)
  table.createTHead().append(head)
  table.createTBody().append(...lines)
  return table
}

const describe = ({ rows, isCut, ms }: Table): string =>
  isCut
    ? `The first ${countText(rows.length)} rows of more, in ${ms} ms`
    : `${plural(rows.length, 'row')} in ${ms} ms`

const post = async (statement: string): Promise<Table> => {
  const answer = await fetch('/query', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ statement }),
  }).catch(() => undefined)
  if (!answer) throw new Error('The connection broke.')
  const told = (await answer.json()) as Table | Refusal
  if ('error' in told) throw new Error(told.error)
  return told
}

export const createQueryPanel = () => {
  const statement = find<HTMLTextAreaElement>('#statement')
  const told = find('#answer-told')
  const answer = find('#answer')
  const run = find<HTMLButtonElement>('#question button')
  let largest = 'raw_events'
  let isTouched = false

  const ask = async (): Promise<void> => {
    if (run.disabled) return
    run.disabled = true
    told.classList.remove('wrong')
    tell(told, 'asking …')
    try {
      const table = await post(statement.value)
      answer.replaceChildren(tableOf(table))
      answer.hidden = table.columns.length === 0
      tell(told, describe(table))
    } catch (error) {
      answer.hidden = true
      told.classList.add('wrong')
      tell(told, (error as Error).message)
    } finally {
      run.disabled = false
    }
  }
  find('#question').addEventListener('submit', (event) => {
    event.preventDefault()
    void ask()
  })
  statement.addEventListener('input', () => (isTouched = true))
  statement.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    void ask()
  })
  find('#examples').append(
    ...examples.map(({ name, statementOf }) => {
      const button = make('button', name)
      button.type = 'button'
      button.addEventListener('click', () => {
        isTouched = true
        statement.value = statementOf(largest)
        void ask()
      })
      return button
    }),
  )
  const suggest = (): void => {
    if (!isTouched) statement.value = `SELECT count() AS rows FROM ${largest}`
  }
  return {
    greet: ({ hasEngine, rowsMax, queryMs }: Hello): void => {
      find('#question').hidden = !hasEngine
      if (!hasEngine) tell(told, 'This run has no ClickHouse (--target silver).')
      tell(find('#query-limits'), `reads only · ${rowsMax} rows · ${queryMs / 1000} s`)
      suggest()
    },
    show: ({ tables = {} }: Tick): void => {
      const [first] = Object.entries(tables).toSorted(([, a], [, b]) => b - a)
      if (!first) return
      largest = quote(first[0])
      suggest()
    },
  }
}
