import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { rawObjects } from './dataset.ts'

const page = readFileSync(
  new URL('../../../../docs/reference/raw-objects.md', import.meta.url),
  'utf8',
)

it('the page of raw objects tells every column with its type, and no other', () => {
  const told = [...page.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, name, type]) => [
    name,
    type,
  ])
  expect(told).toEqual(rawObjects.tables[0]?.columns.map(({ name, type }) => [name, type]))
})
