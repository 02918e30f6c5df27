import { expect, it } from 'vitest'
import { readCommandLine } from './command-line.ts'
import { help, helpOf } from './help.ts'
import { UsageError } from './usage-error.ts'

const read = (line: string) => readCommandLine(line === '' ? [] : line.split(' '))

const everyCommand = [
  ...[
    'migrate',
    'invoke',
    'query',
    'head',
    'generate',
    'reconcile',
    'batch list',
    'batch show',
    'batch reject',
    'batch free',
  ],
  ...['drift show', 'drift evolve', 'quarantine list', 'quarantine show', 'quarantine replay'],
  ...['status', 'explain', 'pause', 'resume', 'replay'],
  ...['plan', 'run', 'status', 'pause', 'resume', 'cancel', 'report', 'list'].map(
    (name) => `backfill ${name}`,
  ),
  ...['doctor', 'try', 'repair', 'erase', 'ledger rebuild', 'dlq list', 'dlq show', 'dlq redrive'],
]

it('shows help for nothing and for --help, and names every command in it', () => {
  for (const line of ['', 'help', '--help', '-h'])
    expect(read(line)).toEqual({ kind: 'help', of: undefined })
  expect(helpOf(undefined)).toBe(help)
  for (const name of everyCommand) expect(help).toContain(`\n  ${name} `)
})

it('shows of the help what a command needs, and all of it for a command that is none', () => {
  for (const line of ['backfill --help', 'backfill run --help', 'help backfill'])
    expect(read(line)).toEqual({ kind: 'help', of: 'backfill' })
  const own = helpOf('backfill')
  for (const part of ['  backfill plan WINDOW', '  WINDOW ', '  --yes ', 'Exit codes:'])
    expect(own).toContain(part)
  expect(own).not.toContain('  replay --via')
  for (const name of everyCommand) expect(helpOf(name.split(' ')[0])).toContain(`  ${name} `)
  expect(helpOf('bakcfill')).toBe(help)
})

it('reads each command', () => {
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
    dir: undefined,
    json: false,
  })
  expect(read('head raw_events')).toMatchObject({ table: 'raw_events', limit: 5 })
  expect(read('head raw_events --limit 7')).toMatchObject({ limit: 7 })
})

it('reads an erasure, and one that only finishes', () => {
  const place = { dir: undefined, json: false }
  expect(read('erase --dataset xapi_events --where user_id=a=b')).toEqual({
    ...{ kind: 'erase', dryRun: true, ...place },
    request: {
      dataset: 'xapi_events',
      match: { column: 'user_id', value: 'a=b' },
      texts: ['a=b'],
    },
  })
  expect(read('erase --dataset d --where c=v --text one --text two --yes')).toMatchObject({
    dryRun: false,
    request: { texts: ['one', 'two'] },
  })
  expect(read('erase --yes')).toEqual({
    ...{ kind: 'erase', request: undefined, dryRun: false, ...place },
  })
  for (const line of ['--dataset d', '--where c=v', '--dataset d --where c', '--text x'])
    expect(() => read(`erase ${line}`)).toThrow(/--where COLUMN=VALUE/)
})

it('reads how long a pause may wait', () => {
  const place = { dir: undefined, json: false }
  expect(read('status --json')).toEqual({ kind: 'status', ...place, json: true })
  expect(read('pause')).toEqual({ kind: 'pause', deadlineMs: 1_800_000, dryRun: true, ...place })
  expect(read('pause --deadline 90s --yes')).toMatchObject({ deadlineMs: 90_000, dryRun: false })
  expect(read('pause --deadline 0s')).toMatchObject({ deadlineMs: 0 })
  expect(read('resume --deadline 2h --yes --dry-run')).toMatchObject({
    ...{ kind: 'resume', deadlineMs: 7_200_000, dryRun: true },
  })
  for (const line of ['pause now', 'pause --deadline 5', 'resume --deadline 1d', 'status --yes'])
    expect(() => read(line)).toThrow(UsageError)
  expect(() => read('pause --deadline soon')).toThrow(/such as 90s, 30m or 2h, not "soon"/)
})

it('reads what is to be explained', () => {
  const rest = { dir: undefined, json: false }
  const nothing = { match: undefined, dataset: undefined, record: undefined, version: undefined }
  expect(read('explain s3://b/k')).toEqual({
    ...{ kind: 'explain', about: 's3://b/k', ...nothing, ...rest },
  })
  expect(read('explain s3://b/k --record 0 --version v')).toMatchObject({ record: 0, version: 'v' })
  expect(read('explain --dataset shipments --where id=a=b')).toMatchObject({
    ...{ about: undefined, dataset: 'shipments', match: { column: 'id', value: 'a=b' } },
  })
  const wrong = ['', 'a b', 'x --where a=b', '--where a', 's3://b/k --record -1', 'x --record y']
  for (const line of wrong) expect(() => read(`explain ${line}`.trim())).toThrow(UsageError)
})

it('reads generate', () => {
  expect(read('generate --type shipments --out s.jsonl')).toEqual({
    ...{ kind: 'generate', type: 'shipments', count: 100, seed: 1, format: 'jsonl' },
    ...{ file: 's.jsonl', json: false },
  })
  expect(
    read('generate --type invoice_lines --count 5 --seed 0 --format json --out i.json --json'),
  ).toMatchObject({ type: 'invoice_lines', count: 5, seed: 0, format: 'json', json: true })
})

it('reads the commands for when something is wrong', () => {
  const place = { dir: undefined, json: false }
  expect(read('doctor')).toEqual({ kind: 'doctor', ...place })
  expect(read('try a.jsonl s3://b/k a.jsonl --dataset shipments')).toEqual({
    ...{ kind: 'try', objects: ['a.jsonl', 's3://b/k'], dataset: 'shipments', ...place },
  })
  expect(read('reconcile')).toEqual({
    ...{ kind: 'reconcile', prefixes: [], since: undefined, enqueue: false, setAside: false },
    ...place,
  })
  expect(
    read('reconcile --prefix a/ --prefix b/ --prefix a/ --since 24h --enqueue --dir d'),
  ).toMatchObject({ prefixes: ['a/', 'b/'], since: { agoMs: 86_400_000 }, enqueue: true, dir: 'd' })
  expect(read('adopt')).toEqual({
    ...{ kind: 'adopt', table: 'raw_events_before', trustTable: false, prefixes: [] },
    ...{ dryRun: true, dir: undefined, json: false },
  })
  expect(read('adopt --table old.events --prefix a/ --trust-table --yes')).toMatchObject({
    ...{ table: 'old.events', trustTable: true, prefixes: ['a/'], dryRun: false },
  })
  expect(read('reconcile --enqueue --set-aside')).toMatchObject({ enqueue: true, setAside: true })
  for (const [text, at] of [
    ['2026-01-01', Date.UTC(2026, 0, 1)],
    ['2026-01-01T12:30:00Z', Date.UTC(2026, 0, 1, 12, 30)],
  ] as const)
    expect(read(`reconcile --since ${text}`)).toMatchObject({ since: { at } })
  expect(read('batch list')).toEqual({
    ...{ kind: 'batch list', state: 'open', since: undefined, limit: 100, ...place },
  })
  expect(read('batch list --state committed --since 7d --limit 3')).toMatchObject({
    ...{ state: 'committed', since: { agoMs: 604_800_000 }, limit: 3 },
  })
  expect(read('batch show 01B')).toEqual({ kind: 'batch show', batch: '01B', ...place })
  const all = { dataset: undefined, reason: undefined, since: undefined, until: undefined }
  expect(read('drift show --since 1d')).toEqual({
    ...{ kind: 'drift show', dataset: undefined, since: { agoMs: 86_400_000 }, ...place },
  })
  expect(read('quarantine list')).toEqual({
    ...{ kind: 'quarantine list', limit: 100, ...all, ...place },
  })
  expect(read('quarantine list --dataset d --reason r --since 7d --until 1d')).toMatchObject({
    ...{ dataset: 'd', reason: 'r', since: { agoMs: 604_800_000 }, until: { agoMs: 86_400_000 } },
  })
  expect(read('quarantine show')).toMatchObject({ file: undefined, limit: 5 })
  expect(read('quarantine show f --limit 9')).toMatchObject({ file: 'f', limit: 9 })
  expect(read('dlq list --json')).toEqual({ kind: 'dlq list', dir: undefined, json: true })
  expect(read('dlq show m1')).toEqual({ kind: 'dlq show', messageId: 'm1', ...place })
})

it.each([
  ['batch free 01B', { kind: 'batch free', batch: '01B' }],
  ['batch reject 01B --target silver', { kind: 'batch reject', batch: '01B', target: 'silver' }],
  ['repair 01B 01C 01B', { kind: 'repair', batches: ['01B', '01C'] }],
  ['ledger rebuild', { kind: 'ledger rebuild', from: undefined }],
  ['ledger rebuild --from 2026-01-01', { kind: 'ledger rebuild', from: '2026-01-01' }],
  [
    'quarantine replay --reason no_id',
    {
      ...{ kind: 'quarantine replay', reason: 'no_id', dataset: undefined },
      ...{ since: undefined, until: undefined },
    },
  ],
  [
    'drift evolve --dataset d --path a --path b',
    { kind: 'drift evolve', dataset: 'd', paths: ['a', 'b'], since: undefined },
  ],
  ['dlq redrive m1 m2', { kind: 'dlq redrive', messageIds: ['m1', 'm2'] }],
  ['dlq redrive --all', { kind: 'dlq redrive', messageIds: undefined }],
])('changes something with %j only when --yes is given, and --dry-run is not', (line, expected) => {
  const place = { dir: undefined, json: false }
  expect(read(line)).toEqual({ ...expected, dryRun: true, ...place })
  expect(read(`${line} --yes`)).toEqual({ ...expected, dryRun: false, ...place })
  expect(read(`${line} --yes --dry-run`)).toEqual({ ...expected, dryRun: true, ...place })
})

it.each([
  [
    'upload x',
    /no command upload; there are migrate, invoke, query, head, generate, dataset new, doctor, try, reconcile/,
  ],
  ['toString', /no command toString/],
  ['batch', /no command batch; there are batch list, batch show, batch reject, batch free$/],
  ['batch burn', /no command batch burn; there are batch list/],
  ['ledger', /there are ledger rebuild$/],
  ['adopt --table a;b', /--table must be a name or database.name, not "a;b"/],
  ['adopt raw_events', /takes no argument: raw_events/],
  ['doctor s3', /takes no argument: s3/],
  ['doctor --limit 3', /doctor takes no --limit/],
  ['try', /try needs a file or an s3:\/\/ URL/],
  ['try a --dataset=', /--dataset is empty/],
  ['try a --yes', /try takes no --yes/],
  ['reconcile section/', /takes no argument: section/],
  ['reconcile --since yesterday', /--since must be a day .* not "yesterday"/],
  ['reconcile --since 2026-13-01', /--since must be/],
  ['reconcile --since', /^--since needs a value; see --help$/],
  ['reconcile --prefix --since 1d', /^--prefix needs a value; see --help$/],
  ['reconcile --set-aside', /--set-aside goes with --enqueue/],
  ['batch list --state done', /--state must be one of open, forming, sealed, failing, committed/],
  ['batch list --since 24h', /--since goes with --state committed/],
  ['batch show', /batch show needs a batch/],
  ['batch reject 01B', /needs --target silver or clickhouse/],
  ['batch reject 01B --target http', /--target must be one of silver, clickhouse/],
  ['repair', /repair needs a batch/],
  ['repair 01B --target silver', /repair takes no --target/],
  ['ledger rebuild 01B', /takes no argument/],
  ['ledger rebuild --from 24h', /--from must be a day/],
  ['quarantine', /there are quarantine list, quarantine show, quarantine replay$/],
  ['quarantine list x', /takes no argument/],
  ['quarantine replay --until never', /--until must be a day/],
  ['quarantine replay --limit 3', /takes no --limit/],
  ['drift evolve', /needs --dataset/],
  ['dlq redrive', /either ids of messages or --all/],
  ['dlq redrive m1 --all', /either ids of messages or --all/],
  ['dlq show m1 m2', /takes one argument/],
  ['migrate raw_events', /takes no argument/],
  ['migrate --limit 3', /migrate takes no --limit/],
  ['migrate --user me', /--user goes with --plan/],
  ['migrate --plan --user=', /--user is empty/],
  ['migrate --dry-run', /migrate takes no --dry-run/],
  ['migrate --forced', /Unknown option '--forced'/],
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
  ['generate --out a', /needs --type xapi_events\|shipments/],
  ['generate --type shipments', /needs --out FILE/],
  ['generate --type refunds --out a', /--type must be one of xapi_events, shipments, .*"refunds"/],
  ['generate --type shipments --out a --format csv', /--format must be one of jsonl, json,/],
  ['generate --type shipments --out a.jsonl --format json', /named \.json only, not from a\.jsonl/],
  ['generate --type shipments --out a --count 0', /--count must be a whole number from 1 to/],
  ['generate --type shipments --out a --seed -1', /--seed must be a whole number from 0 to/],
  ['generate --type shipments --out a --limit 1', /generate takes no --limit/],
  ['generate shipments', /takes no argument/],
])('refuses %j', (line, message) => {
  expect(() => read(line)).toThrow(UsageError)
  expect(() => read(line)).toThrow(message)
})

it('003-14: reads a replay, whose window begins and ends at instants', () => {
  const window = ['--start', '2026-02-11', '--end', '2026-02-12T06:00:00Z']
  const asked = ['replay', '--via', 'copy', '--prefix', '', ...window]
  expect(readCommandLine(asked)).toEqual({
    ...{ kind: 'replay', via: 'copy', bucket: undefined, prefix: '', force: false, dryRun: true },
    ...{ start: { at: Date.UTC(2026, 1, 11) }, end: { at: Date.UTC(2026, 1, 12, 6) } },
    ...{ to: undefined, limit: undefined, rate: undefined, dir: undefined, json: false },
  })
  const more = ['--bucket', 'b', '--to', '_replay/x', '--limit', '9', '--rate', '50', '--force']
  expect(readCommandLine([...asked, ...more, '--yes'])).toMatchObject({
    ...{ bucket: 'b', to: '_replay/x', limit: 9, rate: 50, force: true, dryRun: false },
  })
  for (const wrong of [
    ['--via', 'copy', '--prefix', 'a', '--start', '1h'],
    ['--via', 'copy', ...window],
    ['--via', 'copy', '--prefix', 'a', '--prefix', 'b', ...window],
    ['--via', 'mail', '--prefix', 'a', ...window],
    ['--via', 'queue', '--prefix', 'a', ...window, '--to', '_replay/x'],
    ['--via', 'queue', '--prefix', 'a', ...window, '--rate', '0'],
    ['--via', 'queue', '--prefix', 'a', '--start', '2026-02-30', '--end', '1h'],
  ])
    expect(() => readCommandLine(['replay', ...wrong]), wrong.join(' ')).toThrow(UsageError)
})
