import { PurgeQueueCommand } from '@aws-sdk/client-sqs'
import { countsOfJob } from '@silversmith/core'
import type { Job } from '@silversmith/core'
import type { ReportEntry } from '@silversmith/flow'
import { defaultRoutes } from '@silversmith/datasets'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { pipeline } from '../functions.ts'
import type { Uploaded } from '../input/upload.ts'
import { endLeases } from '../leases.ts'
import { watchPeaks } from './test-peaks.ts'
import type { Peaks } from './test-peaks.ts'
import { startTestRuns } from './test-run.ts'
import type { Ended, TestRuns } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/**
 * Objects whose events were lost, over 40 sections and 400 days, loaded by the command. `OBJECTS=50000 KILLS=6` is the documented
 * run, which writes what it took to the file `FIGURES`.
 */
const objectsCount = Number(process.env['OBJECTS'] ?? 5_000)
/** Of those that walk a job: of the function, of the command, and so on. */
const killsCount = Number(process.env['KILLS'] ?? 2)
const [sections, days, rowsPerObject] = [40, 400, 2]
/** The first hundred days are asked for at first. */
const askedDays = 100
const dayMs = 86_400_000
const firstDay = Date.UTC(2025, 0, 1)
const uploadsMax = 16

let tested: TestStack
let runs: TestRuns
let peaks: Peaks
const figures: Record<string, unknown> = { objects: objectsCount, kills: killsCount }
/** Of commands. */
const pids = new Set<number | undefined>()
const uploaded: Uploaded[] = []
const { signal } = new AbortController()

const dayOf = (n: number): number => Math.floor((n * days) / objectsCount)
const timeOf = (n: number): number => firstDay + dayOf(n) * dayMs + (n % 86_000) * 1_000
/** As the producers write it. */
const stampOf = (at: number): string => new Date(at).toISOString().replaceAll(':', '-')
const keyOf = (n: number, name = 'A'): string =>
  `section/${100 + (n % sections)}/video/${stampOf(timeOf(n))}_${name}${n}.jsonl`

const bodyOf = (n: number): string =>
  Array.from({ length: rowsPerObject }, (_, row) =>
    JSON.stringify({
      actor: { account: { homePage: 'torus.example.edu', name: n % 7 } },
      verb: { id: 'https://w3id.org/xapi/video/verbs/played' },
      object: { id: `https://torus.example.edu/video/${n}/${row}` },
      timestamp: new Date(timeOf(n)).toISOString(),
    }),
  ).join('\n')

const upload = async (numbers: readonly number[], name?: string): Promise<void> => {
  for (let at = 0; at < numbers.length; at += uploadsMax)
    uploaded.push(
      ...(await Promise.all(
        numbers
          .slice(at, at + uploadsMax)
          .map((n) => tested.upload(keyOf(n, name), Buffer.from(bodyOf(n)))),
      )),
    )
}

const numbers = Array.from({ length: objectsCount }, (_, n) => n)
const isAsked = ({ key }: { readonly key: string }): boolean =>
  Date.parse(key.replace(/^.*\/(.{10}T)(..)-(..)-(.+Z)_.*$/, '$1$2:$3:$4')) <
  firstDay + askedDays * dayMs

const isLive = ({ key }: Uploaded): boolean => key.includes('_live')

/** `key version` */
const nameOf = ({ key, version }: { readonly key: string; readonly version: string }): string =>
  `${key} ${version}`
const namesOf = (all: readonly { readonly key: string; readonly version: string }[]) =>
  all.map(nameOf).sort()

/** The rows there must be of objects, as ClickHouse tells them. */
const rowsOf = (all: readonly Uploaded[]): readonly string[] =>
  all
    .flatMap((one) => Array.from({ length: rowsPerObject }, (_, row) => `${nameOf(one)} ${row}`))
    .sort()
const readRows = async (): Promise<readonly string[]> => {
  const rows = await tested.query<{ row: string }>(
    `SELECT concat(_source, ' ', _version, ' ', toString(_record)) AS row FROM raw_events`,
  )
  const start = `s3://${tested.stack.resources.bronzeBucket}/`.length
  return rows.map(({ row }) => row.slice(start)).sort()
}

type Line = Readonly<Record<string, unknown>> & { readonly kind: string }
const linesOf = ({ stdout }: Pick<Ended, 'stdout'>): readonly Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

/** `backfill …`, which must end well. */
const backfill = async (...args: readonly string[]) => {
  const { child, ended } = runs.command(['backfill', ...args, '--json', '--dir', tested.stack.dir])
  pids.add(child.pid)
  const end = await ended
  pids.delete(child.pid)
  expect(end.code, `${args.join(' ')}: ${end.stderr}${end.stdout.slice(-2_000)}`).toBe(0)
  const lines = linesOf(end)
  const objects = lines.filter(({ kind }) => kind === 'object') as unknown as readonly (Line &
    Pick<ReportEntry, 'key' | 'version' | 'status' | 'isByJob' | 'rows'> & {
      readonly sent: boolean
    })[]
  return { last: lines.at(-1), objects, lines }
}

const isoDay = (day: number): string => new Date(firstDay + day * dayMs).toISOString().slice(0, 10)
const asked = ['--start', isoDay(0), '--end', isoDay(askedDays - 1)]

const readJob = async (id: string) => {
  const [found] = await tested.stack.ledger.read([{ kind: 'job', id: `${pipeline}/${id}` }], signal)
  return found as { readonly item: Job; readonly revision: number } | undefined
}

/** Its process is gone; nobody need wait until that is believed. */
const endJobLease = async (id: string): Promise<void> => {
  const found = await readJob(id)
  if (found?.item.owner !== undefined)
    await tested.stack.ledger.write({ ...found.item, leaseUntil: 0 }, found.revision, signal)
}

beforeAll(async () => {
  runs = await startTestRuns()
  tested = await startTestStack({
    routes: defaultRoutes,
    environment: {},
    tuning: { mapping: { retryMaxMs: 500 } },
  })
  const { stack } = tested
  peaks = watchPeaks(() => ({
    command: [...pids],
    transform: stack.pids('transform'),
    bulk: stack.pids('bulk'),
  }))
  await upload(numbers)
  await stack.notifier.flush()
  const { queueUrl: QueueUrl } = stack.resources.arrivals.main
  await stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl }))
  stack.start()
})

afterAll(async () => {
  await peaks?.stop()
  const file = process.env['FIGURES']
  if (file !== undefined)
    await writeFile(file, `${JSON.stringify({ ...figures, peakMib: peaks.most }, null, 2)}\n`)
  await tested?.close()
  await runs?.close()
})

const timed = async <Result>(name: string, work: Promise<Result>): Promise<Result> => {
  const began = performance.now()
  const result = await work
  figures[name] = Math.round((performance.now() - began) / 100) / 10
  return result
}

it('plans object by object what the run then does; only the asked window arrives, live objects once', async () => {
  const inside = uploaded.filter(isAsked)
  const plan = await timed('planSeconds', backfill('plan', ...asked))
  expect(namesOf(plan.objects)).toEqual(namesOf(inside))
  expect(plan.objects.every(({ sent }) => sent)).toBe(true)
  expect(plan.last).toMatchObject({
    ...{ kind: 'plan', counts: { found: inside.length, sent: inside.length } },
  })
  expect(await readRows()).toEqual([])

  // Some come while the run lists and sends: by their events, and maybe by the listing as well.
  const running = backfill('run', '--job', 'asked', ...asked, '--yes')
  const live = numbers.filter((n) => n % 10 === 0)
  await upload(live, 'live')
  const { last } = await running
  Object.assign(figures, { runObjects: inside.length, runSeconds: last?.['seconds'] })
  expect(last).toMatchObject({ kind: 'end', state: 'done', sum: { failed: 0, pending: 0 } })
  await drain(tested.stack, { onStatus: () => undefined, signal })

  const report = await backfill('report', '--job', 'asked')
  const planned = new Set(plan.objects.map(nameOf))
  const told = report.objects.filter((one) => planned.has(nameOf(one)))
  expect(namesOf(told)).toEqual([...planned].sort())
  expect(
    told.every(({ status, isByJob, rows }) => status === 'succeeded' && isByJob && rows === 2),
  ).toBe(true)
  const others = report.objects.filter((one) => !planned.has(nameOf(one)))
  expect(others.filter(({ key }) => !key.includes('_live'))).toEqual([])
  expect(await readRows()).toEqual(rowsOf(uploaded.filter((one) => isLive(one) || isAsked(one))))
})

it('sends nothing new when it is run again, under its name or under another', async () => {
  const before = await readJob('asked')
  const again = await backfill('run', '--job', 'asked', '--yes')
  expect(again.last).toMatchObject({ state: 'done', counts: before?.item.parts[0]?.counts })
  const other = await timed(
    'againSeconds',
    backfill('run', '--job', 'asked-again', ...asked, '--yes'),
  )
  const count = uploaded.filter(isAsked).length
  expect(other.last).toMatchObject({
    counts: { found: count, sent: 0, standings: { loaded: count } },
    sum: { objects: count, succeeded: count, before: count, rows: 0 },
  })
})

it('stops at Ctrl-C, is listed, turned, and says what it is', async () => {
  const args = ['backfill', 'run', '--job', 'stopped', '--prefix', 'section', '--yes', '--json']
  const place = ['--dir', tested.stack.dir]
  let interrupt: () => void = () => undefined
  const met = new Promise<void>((resolve) => (interrupt = resolve))
  const slowly = ['--objects-per-second', '1']
  const started = runs.command([...args, ...slowly, ...place], (stdout) => {
    if (/"kind":"progress".*"sent":[1-9]/.test(stdout)) interrupt()
  })
  await Promise.race([met, started.ended])
  started.child.kill('SIGINT')
  const end = await started.ended
  expect(end.code, end.stderr).toBe(1)
  expect(linesOf(end).at(-1)).toMatchObject({ kind: 'end', state: 'running', stopped: true })
  expect((await readJob('stopped'))?.item.owner).toBeUndefined()

  const turn = async (...words: readonly string[]) => (await backfill(...words)).last
  const named = ['--job', 'stopped'] as const
  expect(await turn('pause', ...named)).toMatchObject({ dryRun: true, state: 'running' })
  expect(await turn('pause', ...named, '--yes')).toMatchObject({ state: 'paused' })
  expect(await turn('resume', ...named, '--yes')).toMatchObject({ state: 'running' })
  expect(await turn('cancel', ...named, '--yes')).toMatchObject({ state: 'cancelled' })
  expect(await turn('status', ...named)).toMatchObject({
    ...{ state: 'cancelled', counts: { sent: expect.any(Number) } },
  })
  const { jobs } = (await turn('list')) as unknown as { readonly jobs: readonly { job: string }[] }
  expect(jobs.map(({ job }) => job)).toEqual(['stopped', 'asked-again', 'asked'])

  const again = runs.command(['backfill', 'resume', ...named, '--yes', ...place])
  expect(await again.ended).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('nothing brings it back') },
  })
})

const killTransform = async (): Promise<void> => {
  for (const end = Date.now() + 5_000; Date.now() < end; await sleep(20)) {
    const [pid] = tested.stack.pids('transform')
    if (pid !== undefined) return void process.kill(pid, 'SIGKILL')
  }
}

/** Whoever walks a job, until he is killed. */
interface Walker {
  readonly ended: Promise<unknown>
  kill(): void
}

const invokeBulk = async (fields: object): Promise<{ readonly next?: unknown }> => {
  const url = `${tested.stack.invokeUrl}/2015-03-31/functions/bulk/invocations`
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(fields) })
  return (await answer.json()) as { readonly next?: unknown }
}

const walkers: readonly ((job: string, perSecond: number) => Walker)[] = [
  (job, perSecond) => {
    const event = { mode: 'bulk', job_id: job, s3_prefix: 'section/' }
    const budget = { objects_per_second: perSecond }
    let isKilled = false
    const walk = async (): Promise<void> => {
      let answer: { readonly next?: unknown } = {}
      do answer = await invokeBulk({ ...event, budget })
      while (answer.next !== undefined && !isKilled)
    }
    const kill = (): void => {
      isKilled = true
      for (const pid of tested.stack.pids('bulk')) process.kill(pid, 'SIGKILL')
    }
    return { ended: walk(), kill }
  },
  (job, perSecond) => {
    const slowly = ['--objects-per-second', String(perSecond)]
    const args = ['backfill', 'run', '--job', job, '--yes', '--json', ...slowly]
    const { child, ended } = runs.command([...args, '--dir', tested.stack.dir])
    return { ended, kill: () => child.kill('SIGKILL') }
  },
]

/** Kills one that walks when so many are sent, and a transform. */
const killAt = async (job: string, sent: number, { ended, kill }: Walker): Promise<void> => {
  let isOver = false
  const ending = ended.finally(() => (isOver = true))
  const sentNow = async (): Promise<number> => {
    const found = await readJob(job)
    return found === undefined ? -1 : countsOfJob(found.item).sent
  }
  while (!isOver && (await sentNow()) < sent) await sleep(20)
  expect(isOver, `it ended before ${sent} were sent`).toBe(false)
  kill()
  await killTransform()
  await ending
  await endJobLease(job)
  await endLeases(tested.stack.ledger, signal, ['F'])
}

it('killed at random moments with a transform, whoever walks it, and resumed, has every object once, and rows are exact', async () => {
  const rest = uploaded.filter((one) => !isAsked(one) && !isLive(one)).length
  const began = performance.now()
  const moments: number[] = []
  for (let n = 0; n < killsCount; n += 1) {
    const moment = Math.floor((rest * 0.8 * (n + Math.random())) / killsCount)
    moments.push(moment)
    const walk = walkers[n % walkers.length]!
    await killAt('killed', moment, walk('killed', Math.ceil(rest / 8)))
  }
  const resumed = await backfill('run', '--job', 'killed', '--yes')
  figures['killedSeconds'] = Math.round((performance.now() - began) / 1_000)
  figures['killedObjects'] = rest
  expect(resumed.last, `killed when ${moments.join(', ')} were sent`).toMatchObject({
    ...{ state: 'done', sum: { objects: uploaded.length, succeeded: uploaded.length } },
  })
  const csv = join(runs.dir, 'report.csv')
  const { objects } = await timed(
    'reportSeconds',
    backfill('report', '--job', 'killed', '--csv', csv),
  )
  expect(namesOf(objects)).toEqual(namesOf(uploaded))
  const keys = (await readFile(csv, 'utf8')).trimEnd().split('\n')
  expect(keys.map((line) => decodeURIComponent(line.split('","')[1] ?? '')).sort()).toEqual(
    uploaded.map(({ key }) => key).sort(),
  )
  const rows = await readRows()
  expect(rows).toEqual(rowsOf(uploaded))
  const { problems, report } = await tested.account(uploaded)
  expect(problems).toEqual([])
  expect(report.silver.rows).toBe(rows.length)
  figures['rows'] = rows.length
})
