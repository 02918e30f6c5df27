import { expect, it } from 'vitest'
import { layOutRows, writeJson } from './row-layout.ts'

it('lays few columns out as a table, numbers to the right', () => {
  const rows = [
    { day: '2026-01-01', n: 5 },
    { day: '2026-01-02', n: 1234 },
  ]
  expect(layOutRows(rows).split('\n')).toEqual([
    'day             n',
    '2026-01-01      5',
    '2026-01-02   1234',
  ])
})

it('lays many columns out a value a line and leaves nulls out', () => {
  const wide = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`c${n}`, n || null]))
  expect(layOutRows([wide])).toBe(
    ['row 1', ...Array.from({ length: 8 }, (_, n) => `  c${n + 1}   ${n + 1}`)].join('\n'),
  )
})

it('says that there are none', () => {
  expect(layOutRows([])).toBe('no rows')
})

it('writes whole numbers of any size', () => {
  expect(writeJson([{ a: 1n, b: 2n ** 63n }])).toBe('[{"a":1,"b":"9223372036854775808"}]')
})
