import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Moment } from '../kill/kill-proxy.ts'
import type { Arrived } from '../kill/arrived.ts'
import type { StepName } from '../kill/step.ts'
import { objectsMax, startTrial } from '../kill/trial.ts'
import type { Trial } from '../kill/trial.ts'

const momentMsMax = 300_000
const stagingMsMax = 300_000
const linesPerObject = 24

const statement = (n: number): string =>
  JSON.stringify({
    actor: { account: { homePage: 'torus.example.edu', name: n % 7 } },
    verb: { id: 'https://w3id.org/xapi/video/verbs/played' },
    object: { id: `https://torus.example.edu/video/${n % 3}` },
    // Two days, and two months.
    timestamp: new Date(Date.UTC(2026, 0, 31) + (n % 48) * 3_600_000).toISOString(),
  })

/** The line comes again in every other object; each of them is a row. */
const repeated = statement(1_000_000)

const objects: ReadonlyMap<string, string> = new Map(
  Array.from({ length: objectsMax }, (_, object) => {
    const lines = Array.from({ length: linesPerObject }, (_, line) =>
      statement(object * linesPerObject + line),
    )
    const bad = object % 3 === 0 ? ['{"bad":', '{"verb":{"id":"no timestamp"}}'] : []
    const text = [...lines, ...bad, ...(object % 2 === 0 ? [repeated] : [])].join('\n')
    return [`course ${object}.jsonl`, text]
  }),
)

let dir: string
let trial: Trial
let undisturbed: Arrived

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-kill-'))
  trial = await startTrial(dir)
  await trial.load('undisturbed', objects)
  await trial.settle()
  undisturbed = await trial.readArrived('undisturbed')
})

afterAll(async () => {
  await trial?.close()
  await rm(dir, { recursive: true, force: true })
})

test('without a kill every record is a row of both targets or in quarantine, once', () => {
  const rows = objectsMax * linesPerObject + objectsMax / 2
  expect(new Set(undisturbed.clickhouse).size).toBe(rows)
  expect(undisturbed.clickhouse).toHaveLength(rows)
  expect(undisturbed.silver).toEqual(undisturbed.clickhouse)
  expect(undisturbed.quarantine).toHaveLength(8)
})

type Case = Omit<Moment, 'kill'> & {
  /** What became of the batch that was at it. */
  readonly end: 'A lost' | 'C'
  /** A step that was done before. */
  readonly after?: StepName
  /** What happens at the same time. */
  readonly besides?: () => Promise<void>
}

const crash = (): Promise<void> => trial.crashClickHouse()
const forget = (): Promise<void> => trial.forgetTokens()

const cases: Readonly<Record<string, Case>> = {
  'after some claims': { step: 'claim', nth: 5, reach: 'answered', after: 'open', end: 'A lost' },
  'after the first staged file': {
    step: 'stage',
    reach: 'answered',
    after: 'claim',
    end: 'A lost',
  },
  'before the seal': { step: 'seal', reach: 'unsent', after: 'write-manifest', end: 'A lost' },
  'between seal and apply': { step: 'seal', reach: 'answered', after: 'write-manifest', end: 'C' },
  'with half of an INSERT sent': { step: 'insert', reach: 'half-sent', after: 'seal', end: 'C' },
  'in the middle of an INSERT': { step: 'insert', reach: 'sent', after: 'seal', end: 'C' },
  'between two INSERTs': { step: 'insert', nth: 2, reach: 'unsent', after: 'insert', end: 'C' },
  'in an INSERT that arrives no sooner than its repetition': {
    ...{ step: 'insert', reach: 'held', after: 'seal', end: 'C' },
  },
  'in the middle of an INSERT, and ClickHouse with it': {
    ...{ step: 'insert', reach: 'sent', after: 'seal', end: 'C', besides: crash },
  },
  'after the first silver file': {
    ...{ step: 'copy-to-silver', reach: 'answered', after: 'seal', end: 'C' },
  },
  'before the commit': { step: 'commit', reach: 'unsent', after: 'insert', end: 'C' },
  'before the commit, while ClickHouse forgets all tokens': {
    ...{ step: 'commit', reach: 'unsent', after: 'insert', end: 'C', besides: forget },
  },
}

test.each(Object.entries(cases))(
  'killed %s, the same rows are there as without',
  async (name, { end, besides, after, ...moment }) => {
    const earlier = await trial.readBatches()
    let killed = 0
    const kill = async (): Promise<void> => {
      const others = besides?.()
      killed = await trial.killTransform()
      await others
    }
    const met = trial.proxy.arm({ ...moment, kill }, AbortSignal.timeout(momentMsMax))
    await Promise.all([met, trial.load(name, objects)])
    const { batch, before } = await met
    expect(() => process.kill(killed, 0)).toThrow('ESRCH')

    expect(await trial.settle()).toMatchObject({ dead: 0, openBatches: [] })
    expect(earlier.has(batch)).toBe(false)
    if (after) expect(Object.keys(before)).toContain(after)
    expect(await trial.readArrived(name)).toEqual(undisturbed)
    expect((await trial.readBatches()).get(batch)).toBe(end)
    await expect.poll(() => trial.listStaging(), { timeout: stagingMsMax }).toEqual([])
  },
)

test('at the end every batch is committed or aborted, and no merge has hidden anything', async () => {
  const states = new Set((await trial.readBatches()).values())
  expect([...states].filter((state) => !/^(C|A lost|A failed)$/.test(state))).toEqual([])
  expect(await trial.countMerged()).toBe(0)
})
