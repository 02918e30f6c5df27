import { readFileSync } from 'node:fs'
import type { ColumnType } from '@silversmith/core'
import { expect, it } from 'vitest'
import { invoiceLines, shipments, trackingEvents } from './index.ts'

const page = readFileSync(new URL('../../../docs/reference/shipping.md', import.meta.url), 'utf8')

/** `table column` → type, of the page's first table. */
const told = (): ReadonlyMap<string, string> => {
  let table = ''
  const cells = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
  const end = cells.findIndex(([, first]) => first === 'case')
  return new Map(
    cells.slice(2, end).map(([, first, column = '', type = '']) => {
      table = first || table
      return [`${table} ${column}`, type]
    }),
  )
}

const written = (type: ColumnType): string =>
  typeof type === 'object' && 'decimal' in type
    ? `decimal(${type.decimal.precision}, ${type.decimal.scale})`
    : String(type)

it('the page of shipping tells every column with its type, and no other', () => {
  const types = told()
  const due = [shipments, trackingEvents, invoiceLines].flatMap(({ name, tables }) =>
    (tables[0]?.columns ?? []).map((column) => {
      const place = types.has(`all ${column.name}`) ? 'all' : name
      return [`${place} ${column.name}`, written(column.type)] as const
    }),
  )
  expect(types).toEqual(new Map(due))
})
