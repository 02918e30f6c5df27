import { expect, it } from 'vitest'
import { help, readCommandLine } from './command-line.ts'
import { UsageError } from './usage-error.ts'

const read = (line: string) => readCommandLine(line === '' ? [] : line.split(' '))

it('shows help for nothing and for --help, and names every command in it', () => {
  for (const line of ['', 'help', '--help', 'query --help', '-h'])
    expect(read(line)).toEqual({ kind: 'help' })
  for (const name of ['migrate', 'invoke', 'query', 'head']) expect(help).toContain(`\n  ${name} `)
})

it('reads each command', () => {
  const dir = '.silversmith/latest'
  expect(read('migrate --plan')).toEqual({
    kind: 'migrate',
    plan: true,
    user: 'silversmith_writer',
    json: false,
  })
  expect(read('migrate --plan --user me')).toMatchObject({ plan: true, user: 'me' })
  expect(read('invoke bulk --event e.json --dir d --json')).toEqual({
    kind: 'invoke',
    functionName: 'bulk',
    event: 'e.json',
    dir: 'd',
    json: true,
  })
  expect(readCommandLine(['query', 'SELECT 1'])).toEqual({
    kind: 'query',
    statement: 'SELECT 1',
    dir,
    json: false,
  })
  expect(read('head raw_events')).toMatchObject({ table: 'raw_events', limit: 5 })
  expect(read('head raw_events --limit 7')).toMatchObject({ limit: 7 })
})

it.each([
  ['upload x', /no command upload; there are migrate, invoke, query, head/],
  ['migrate raw_events', /takes no argument/],
  ['migrate --limit 3', /migrate takes no --limit/],
  ['migrate --user me', /--user goes with --plan/],
  ['migrate --plan --user=', /--user is empty/],
  ['migrate --dry-run', /Unknown option '--dry-run'/],
  ['invoke', /needs a function/],
  ['invoke sweep --event e', /no function sweep; there are ingest, transform, bulk/],
  ['invoke bulk', /needs --event/],
  ['query', /needs a statement/],
  ['query SELECT 1', /put it in quotes: 1/],
  ['head', /needs a table/],
  ['head t --limit none', /--limit must be a whole number from 1 to 1000/],
  ['head t --limit 0', /--limit must be a whole number from 1 to 1000, not "0"/],
  ['head t --limit -1', /--limit must be a whole number from 1 to 1000, not "-1"/],
  ['head t --dir=', /--dir is empty/],
])('refuses %j', (line, message) => {
  expect(() => read(line)).toThrow(UsageError)
  expect(() => read(line)).toThrow(message)
})
