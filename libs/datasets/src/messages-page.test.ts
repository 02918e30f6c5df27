import { readFileSync } from 'node:fs'
import type { ColumnType } from '@silversmith/core'
import { expect, it } from 'vitest'
import { sqsMessages } from './index.ts'

const page = readFileSync(new URL('../../../docs/reference/messages.md', import.meta.url), 'utf8')

const written = (type: ColumnType): string => {
  if (typeof type === 'string') return type
  return 'map' in type ? `map of ${written(type.map.type)}` : Object.keys(type).join()
}

it('the page of messages tells every column with its type, and no other', () => {
  const [, columns = ''] = page.split('## Columns')
  const [table = ''] = columns.split('\n\nOf the columns')
  const told = [...table.matchAll(/^\| `(\w+)` +\| ([\w ]+?) +\|/gm)]
  expect(told.map(([, name, type]) => [name, type])).toEqual(
    sqsMessages.tables[0]?.columns.map(({ name, type }) => [name, written(type)]),
  )
})

it('the page of messages tells every reason of a rejection', () => {
  const reasons = Object.keys(sqsMessages.rejections ?? {})
  expect(reasons.length).toBeGreaterThan(0)
  expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([])
})
