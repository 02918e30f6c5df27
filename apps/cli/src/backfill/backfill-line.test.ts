import { expect, it } from 'vitest'
import { readCommandLine } from '../command-line.ts'
import { heedDryRun } from '../dry-run.ts'
import { UsageError } from '../usage-error.ts'
import type { Selection } from './backfill-line.ts'
import { makeName, requestOf } from './backfill-room.ts'

const read = (...args: readonly string[]) => readCommandLine(['backfill', ...args])
const ofLine = (line: string) => read(...line.split(' '))
const place = { dir: undefined, json: false }
const room = { buckets: ['bronze'], routes: [{ prefix: '', suffixes: [], dataset: 'xapi_events' }] }
const selectionOf = (line: string): Selection =>
  (ofLine(`plan ${line}`) as { readonly selection: Selection }).selection

it('reads a run with its window, its budget and its end', () => {
  const line =
    'run --job spring --section 145 --section 146 --start 2026-02-01 --end 2026-02-28 --hours 6,7' +
    ' --min-bytes 1 --max-bytes 9 --dataset xapi_events --force --objects-per-second 0.5' +
    ' --bytes-per-second 1000 --concurrency 20 --deadline 2h --yes --json --dir d'
  expect(ofLine(line)).toEqual({
    ...{ kind: 'backfill run', job: 'spring', deadlineMs: 7_200_000, dryRun: false },
    ...{ dir: 'd', json: true },
    budget: { objectsPerSecond: 0.5, bytesPerSecond: 1000, concurrency: 20 },
    selection: {
      ...{ bucket: undefined, prefixes: ['section/145/', 'section/146/'], force: true },
      window: {
        ...{ start: '2026-02-01', end: '2026-02-28', hours: [6, 7], keyRegex: undefined },
        ...{ minBytes: 1, maxBytes: 9, datasets: ['xapi_events'] },
      },
    },
  })
})

it('goes on with a job by its name alone, and waits a day unless told', () => {
  expect(ofLine('run --job spring')).toEqual({
    ...{ kind: 'backfill run', job: 'spring', selection: undefined, budget: undefined },
    ...{ deadlineMs: 86_400_000, dryRun: true, ...place },
  })
})

it('reads the others', () => {
  expect(ofLine('status --job a')).toEqual({ kind: 'backfill status', job: 'a', ...place })
  for (const turn of ['pause', 'resume', 'cancel']) {
    expect(ofLine(`${turn} --job a`)).toMatchObject({ kind: `backfill ${turn}`, dryRun: true })
    expect(ofLine(`${turn} --job a --yes`)).toMatchObject({ job: 'a', dryRun: false })
  }
  expect(ofLine('report --job a --csv f.csv')).toMatchObject({ job: 'a', csv: 'f.csv' })
  expect(ofLine('list --limit 3')).toEqual({ kind: 'backfill list', limit: 3, ...place })
})

it('never takes what was left out for everything', () => {
  for (const line of ['plan', 'plan --bucket b', 'plan --force', 'run', 'run --force --yes'])
    expect(() => ofLine(line)).toThrow(/say of what: --prefix/)
  expect(() => ofLine('run --job a --force --yes')).toThrow(/say of what/)
  expect(read('plan', '--prefix', '')).toMatchObject({ selection: { prefixes: [''] } })
})

it('says what fills a table out of silver', () => {
  for (const line of ['run --from silver', 'plan --from silver --start 2026-02-01'])
    expect(() => ofLine(line)).toThrow(/reads bronze; .* by: silversmith rebuild --from silver$/)
  expect(() => ofLine('run --from 2026-02-01')).toThrow(/--from: .* --start/)
})

it('joins sections to prefixes as the first system does', () => {
  expect(selectionOf('--prefix section --section 7').prefixes).toEqual(['section/7/'])
  expect(selectionOf('--prefix a/ --prefix b// --section 7').prefixes).toEqual(['a/7/', 'b/7/'])
  const [own] = (read('plan', '--prefix', '', '--section', '7') as { selection: Selection })
    .selection.prefixes
  expect(own).toBe('7/')
  expect(() => selectionOf('--section a/b')).toThrow(/--section must be/)
})

it('takes a bucket from a prefix, and a job is of one', () => {
  expect(selectionOf('--prefix s3://b/section/')).toMatchObject({
    ...{ bucket: 'b', prefixes: ['section/'] },
  })
  expect(() => selectionOf('--bucket a --prefix s3://b/x')).toThrow(/of one bucket, not of a and b/)
})

it('says what is wrong of names, numbers and times', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['run --prefix a --objects-per-second 0', /--objects-per-second must be a number over 0/],
    ['run --prefix a --concurrency 1.5', /--concurrency must be a whole number over 0/],
    ['run --prefix a --bytes-per-second -5', /must be a number over 0, not "-5"/],
    ['run --prefix a --job a/b', /--job must be a text of at most 80/],
    ['status', /needs --job ID/],
    ['plan --prefix a --job b', /backfill plan takes no --job/],
    ['plan --prefix a --concurrency 2', /takes no --concurrency/],
    ['run --prefix a --deadline soon', /--deadline must be a time/],
    ['report --job a more', /takes no argument/],
  ]
  for (const [line, message] of wrong) expect(() => ofLine(line)).toThrow(message)
  expect(() => read()).toThrow(/there is no command backfill; there are backfill plan/)
})

it('takes a day as an end with all its hours, and a time as outside', () => {
  const ofWindow = (line: string) => requestOf(selectionOf(line), room).window
  expect(ofWindow('--start 2026-02-01 --end 2026-02-01')).toEqual({
    start: Date.UTC(2026, 1, 1),
    end: Date.UTC(2026, 1, 2),
  })
  expect(ofWindow('--end 2026-02-01T10:00:00Z')).toEqual({ end: Date.UTC(2026, 1, 1, 10) })
})

it('001-8: lists everything that is wrong of a window, by option', () => {
  const wrong = () =>
    requestOf(
      selectionOf(
        '--start 2026-02-30 --end never --hours 6,x --min-bytes a --dataset unknown --bucket other',
      ),
      room,
    )
  expect(wrong).toThrow(UsageError)
  for (const part of ['--start', '--end', '--hours', '--min-bytes', '--dataset', 'the bucket'])
    expect(wrong).toThrow(`${part} must be`)
  const reversed = () => requestOf(selectionOf('--start 2026-02-02 --end 2026-02-01'), room)
  expect(reversed).toThrow(/--end must be after the start/)
  const below = () => requestOf(selectionOf('--prefix a --prefix a/b'), room)
  expect(below).toThrow(/no prefix must be below another/)
})

it('needs a bucket where there are several', () => {
  const several = { ...room, buckets: ['a', 'b'] }
  expect(() => requestOf(selectionOf('--prefix x'), several)).toThrow(/--bucket must say which/)
  expect(requestOf(selectionOf('--bucket b --prefix x'), several)).toMatchObject({ bucket: 'b' })
})

it('makes up names that are names, and tell of when', () => {
  const name = makeName(Date.UTC(2026, 1, 1), '01J000000000000000000ABCDE')
  expect(name).toBe('backfill-2026-02-01-0abcde')
  expect(ofLine(`status --job ${name}`)).toMatchObject({ job: name })
})

it('DRY_RUN makes every command that changes something only say so', () => {
  const heed = (line: string) => heedDryRun(ofLine(line), { DRY_RUN: 'true' })
  for (const line of ['run --prefix a --yes', 'pause --job a --yes', 'cancel --job a --yes'])
    expect(heed(line)).toMatchObject({ dryRun: true })
  expect(heed('plan --prefix a')).toMatchObject({ kind: 'backfill plan' })
})
