import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runFuzz } from './fuzz-run.ts'
import type { Outcome, SeenRejection, SeenRow } from './outcome.ts'
import { readInput } from './reading.ts'

const mib = 1024 * 1024
/** The whole process: test runner, inputs, references and all. */
const rssBytesMax = 1024 * mib

test('of 20 000 damaged and odd objects every record is in exactly one of rows, quarantine and discarded', async () => {
  const report = await runFuzz({ inputs: 20_000, firstSeed: 1 })
  expect(report.failures).toEqual([])
  expect(report.inputs).toBe(20_000)
  expect(report.loaded).toBe(500)
  expect(report.rows + report.rejected + report.discarded).toBe(report.records)
  // What the inputs are for is among them.
  expect(Object.keys(report.dispositions).toSorted()).toEqual([
    'empty',
    'rows',
    'too-large',
    'unreadable',
  ])
  expect(Object.keys(report.rejectedByReason)).toEqual(
    expect.arrayContaining([
      ...['invalid_json', 'invalid_utf8', 'record_too_large', 'not_an_object'],
      ...['truncated_array', 'truncated_document', 'timestamp_missing', 'timestamp_invalid'],
      ...['timestamp_out_of_range', 'missing_id', 'invalid_time', 'invalid_mark'],
    ]),
  )
  expect(report.discarded).toBeGreaterThan(0)
  expect(report.peakRssBytes).toBeLessThan(rssBytesMax)
})

/** A reader with a bug. */
const readWrongly =
  (change: (outcome: Outcome) => Partial<Outcome>) =>
  async (...[input]: Parameters<typeof readInput>): Promise<Outcome> => {
    const outcome = await readInput(input)
    return { ...outcome, ...change(outcome) }
  }

const firstOf = <Item>(items: readonly Item[], change: (item: Item) => readonly Item[]) =>
  items.flatMap((item, at) => (at === 0 ? change(item) : [item]))

const inRows = (change: (row: SeenRow) => readonly SeenRow[]) => (outcome: Outcome) => ({
  rows: firstOf(outcome.rows, change),
})
const inQuarantine =
  (change: (rejection: SeenRejection) => readonly SeenRejection[]) => (outcome: Outcome) => ({
    rejections: firstOf(outcome.rejections, change),
  })

describe('the judge finds', () => {
  test.each<[string, (outcome: Outcome) => Partial<Outcome>, RegExp]>([
    ['a row lost', inRows(() => []), /are nowhere/],
    ['a rejection lost', inQuarantine(() => []), /are in quarantine/],
    ['a record twice', inRows((row) => [row, row]), /_part 0/],
    ['another line', inRows((row) => [{ ...row, line: 99 }]), /says line 99/],
    ['rows of another record', inRows((row) => [{ ...row, record: 77 }]), /77 are not of/],
    ['other bytes', inRows((row) => [{ ...row, hash: 'ab' }]), /other bytes/],
    ['another reason', inQuarantine((one) => [{ ...one, reason: 'x' }]), /ended as x/],
    ['another offset', inQuarantine((one) => [{ ...one, offset: 9e9 }]), /offset 9000000000/],
    ['half a raw', inQuarantine((one) => [{ ...one, raw: Buffer.alloc(0) }]), /other bytes/],
    ['a whole object refused', () => ({ disposition: 'unreadable' }), /disposition unreadable/],
    [
      'a record in rows and in quarantine',
      ({ rows: [row], rejections }) =>
        row ? { rejections: [...rejections, { ...nothing, record: row.record }] } : {},
      /is in rows and x/,
    ],
  ])('%s', async (_, change, problem) => {
    const { failures } = await runFuzz({ inputs: 200, firstSeed: 1, read: readWrongly(change) })
    expect(failures.flatMap(({ problems }) => problems).join('\n')).toMatch(problem)
  })

  test('a reader that throws', async () => {
    const read = (): Promise<Outcome> => Promise.reject(new RangeError('deep'))
    const { failures } = await runFuzz({ inputs: 2, firstSeed: 5, read })
    expect(failures.map(({ seed }) => seed)).toEqual([5, 6])
    expect(failures[0]?.problems[0]).toMatch(/^threw: RangeError: deep/)
  })
})

const nothing = {
  ...{ record: 0, line: 1, offset: 0, reason: 'x', raw: Buffer.alloc(0), sizeBytes: 0 },
  sha256: undefined,
}

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

const run = (...options: readonly string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [main, ...options], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    ),
  )

describe('the command', () => {
  test('tells what it ran, as a document when asked', async () => {
    const { code, stdout } = await run('--inputs', '50', '--seed', '11', '--json')
    const report = JSON.parse(stdout) as Record<string, unknown>
    expect(report).toMatchObject({ inputs: 50, firstSeed: 11, failures: [] })
    expect(code).toBe(0)
  })

  test('shows a single input with its bytes, the same every time', async () => {
    const [one, again] = [await run('--seed', '42'), await run('--seed', '42')]
    expect(one.stdout).toMatch(/"hex": "[0-9a-f]+"/)
    const shown = ({ stdout }: { stdout: string }): string => stdout.split('\n}')[0] ?? ''
    expect(shown(again)).toBe(shown(one))
  })

  test.each([
    ['an unknown option', ['--inptus', '3'], /Unknown option '--inptus'/],
    ['no input at all', ['--inputs', '0'], /--inputs must be a whole number from 1 on/],
    ['a seed that is none', ['--seed', '-1'], /--seed/],
  ])('takes %s for a usage error', async (_, options, message) => {
    const { code, stdout, stderr } = await run(...options)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toContain('usage: npm run fuzz')
  })

  test('names every option in its help', async () => {
    const { code, stdout } = await run('--help')
    expect(code).toBe(0)
    for (const option of ['inputs', 'seed', 'json', 'help'])
      expect(stdout).toContain(`\n  --${option} `)
  })
})
