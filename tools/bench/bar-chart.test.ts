import { expect, test } from 'vitest'
import { drawCharts } from './bar-chart.ts'

const bar = (name: string) => ({ name, value: 1, told: '1' })
const beginOf = (svg: string): number => Number(/<rect x="(\d+)"/.exec(svg)?.[1])

test('names have the room they need', () => {
  const name = 'one object of a single line of 15 MB'
  const short = drawCharts([{ title: 'few', bars: [bar('a')] }])
  const long = drawCharts([{ title: 'few', bars: [bar('a'), bar(name)] }])
  expect(beginOf(long)).toBeGreaterThan(beginOf(short))
  expect(beginOf(long)).toBeGreaterThan(name.length * 7.5)
})

test('what is not ours is grey', () => {
  const bars = [{ ...bar('theirs'), isOther: true }, bar('ours')]
  const colours = [...drawCharts([{ title: 'two', bars }]).matchAll(/height="20" fill="(#\w+)"/g)]
  expect(new Set(colours.map(([, colour]) => colour)).size).toBe(2)
})
