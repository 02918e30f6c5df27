import { expect, it } from 'vitest'
import { help, readOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

const known = { datasets: ['xapi_events', 'shipments'], hasServer: false }

it('asks for nothing and runs the sample into both targets', () => {
  expect(readOptions([], known)).toEqual({
    inputs: [],
    messages: [],
    limit: undefined,
    splitLines: undefined,
    dataset: undefined,
    targets: ['silver', 'clickhouse'],
    dir: undefined,
    duplicateEvents: 1,
    keep: false,
    migrate: false,
    json: false,
  })
})

it('takes every option', () => {
  const args =
    '--input a --input=s3://b/c --messages m --messages=n --limit 5 --split-lines 50 --dataset shipments --target clickhouse,silver --dir d --duplicate-events 3 --keep --migrate --json'
  expect(readOptions(args.split(' '), { ...known, hasServer: true })).toEqual({
    inputs: ['a', 's3://b/c'],
    messages: ['m', 'n'],
    limit: 5,
    splitLines: 50,
    dataset: 'shipments',
    targets: ['silver', 'clickhouse'],
    dir: 'd',
    duplicateEvents: 3,
    keep: true,
    migrate: true,
    json: true,
  })
})

it('shows every option in the help', () => {
  expect(readOptions(['--help'], known)).toBe('help')
  const text = help(known)
  for (const option of 'input messages limit split-lines dataset target dir duplicate-events keep migrate json help'.split(
    ' ',
  ))
    expect(text).toContain(`--${option} `)
  expect(text).toContain('xapi_events, shipments')
  expect(text).toMatch(/with CLICKHOUSE_URL: \.silversmith\/server-/)
})

it.each([
  [['--nothing'], /Unknown option '--nothing'; see --help/],
  [['stray'], /Unexpected argument 'stray'/],
  [['--limit'], /^--limit needs a value; see --help$/],
  [['--dir', '--keep'], /^--dir needs a value; see --help$/],
  [['--limit', '0'], /--limit must be a whole number from 1/],
  [['--limit', '-1'], /--limit must be a whole number from 1 .*not "-1"/],
  [['--keep', '--split-lines', '-5'], /--split-lines must be .*not "-5"/],
  [['--limit', '1e3'], /--limit .*not "1e3"/],
  [['--split-lines', 'ten'], /--split-lines .*not "ten"/],
  [['--duplicate-events', '101'], /--duplicate-events .* 1 to 100/],
  [['--target', 'http'], /--target knows silver and clickhouse .*"http"/],
  [['--target', ''], /--target/],
  [['--dataset', 'shipment'], /--dataset knows xapi_events, shipments, not "shipment"/],
  [['--dir', ''], /--dir is empty/],
  [['--input', ''], /--input is empty/],
  [['--keep=yes'], /--keep/],
  [['--migrate'], /goes with CLICKHOUSE_URL/],
])('refuses %j', (args, message) => {
  const read = () => readOptions(args, known)
  expect(read).toThrow(UsageError)
  expect(read).toThrow(message)
})
