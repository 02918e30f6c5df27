import { expect, it } from 'vitest'
import { curveBetween } from './browser/curve.ts'
import { bytesText, countText, durationText, plural, rateText } from './browser/number.ts'

const plain = (text: string): string => text.replaceAll('\u202f', ' ')

it('writes numbers as a person reads them', () => {
  expect([0, 999, 1_234_567].map(countText).map(plain)).toEqual(['0', '999', '1 234 567'])
  expect([0, 0.25, 9.96, 10, 1234.5].map(rateText).map(plain)).toEqual([
    ...['0', '0.3', '10.0', '10', '1 235'],
  ])
  expect([0, 999, 1000, 2_345_678].map(bytesText).map(plain)).toEqual([
    ...['0 B', '999 B', '1.0 kB', '2.3 MB'],
  ])
  expect([840, 2_400, 200_000, 18_000_000, 2 * 86_400_000].map(durationText).map(plain)).toEqual([
    ...['840 ms', '2.4 s', '3 min', '5 h', '2 d'],
  ])
  expect([plural(1, 'batch', 'batches'), plural(0, 'row')]).toEqual(['1 batch', '0 rows'])
})

it('draws lines from box to box, across where they are neighbors, else down or up', () => {
  const box = (x: number, y: number) => ({ x, y, width: 100, height: 50 })
  expect([
    curveBetween(box(0, 0), box(140, 80)),
    curveBetween(box(140, 0), box(0, 80)),
    curveBetween(box(0, 0), box(400, 80)),
    curveBetween(box(0, 80), box(0, 0)),
  ]).toEqual([
    'M100 25C120 25 120 105 140 105',
    'M140 25C120 25 120 105 100 105',
    'M50 50C50 65 450 65 450 80',
    'M50 80C50 65 50 65 50 50',
  ])
})
