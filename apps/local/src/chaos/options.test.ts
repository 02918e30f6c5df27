import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const read = (...args: string[]) => readOptions(args, () => 42)

test('nothing said is three minutes of a seed of its own', () => {
  expect(read()).toEqual({
    ...{ minutes: 3, outage: false, backfill: false, seed: 42, dir: undefined, json: false },
  })
})

test('everything said is taken', () => {
  const kind = ['--outage', '--backfill']
  expect(read('--minutes', '0.5', '--seed', '0', '--dir', 'd', '--json', ...kind)).toEqual({
    ...{ minutes: 0.5, outage: true, backfill: true, seed: 0, dir: 'd', json: true },
  })
  expect(read('--help')).toBe('help')
})

test.each([
  ['--minutes', '0'],
  ['--minutes', 'soon'],
  ['--minutes', '1e3'],
  ['--minutes', '2000'],
  ['--backfill', ''],
  ['--seed', '1.5'],
  ['--seed', '4294967296'],
  ['--dir', ' '],
  ['--loud', ''],
  ['now', ''],
])('%s %s is refused by name', (option, value) => {
  expect(() => read(`${option}${value === '' ? '' : `=${value}`}`)).toThrow(option)
})
