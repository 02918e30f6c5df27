import { S3Client } from '@aws-sdk/client-s3'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InputObject } from '../input/input-object.ts'
import { findChromium, noChromium } from '../e2e/test-chromium.ts'
import { startTestRuns, statementOf } from '../e2e/test-run.ts'
import type { Started, TestRuns } from '../e2e/test-run.ts'
import { uploadAll } from '../input/upload.ts'
import { readAssets } from './asset.ts'
import { startPageServer } from './page-server.ts'
import type { Hello, Tick } from './tick.ts'
import { createViewers } from './viewers.ts'

const patience = { timeout: 300_000, interval: 100 }
const executablePath = findChromium()
if (executablePath === undefined)
  process.stderr.write(`page.e2e.test.ts is skipped: ${noChromium}\n`)

/** Where the pictures of docs/reference/live-page.md go; its figures are printed. */
const pictures = process.env['PAGE_PICTURES']

let runs: TestRuns
let browser: Browser | undefined
let run: Started | undefined
let page: Page
const errors: string[] = []

beforeAll(async () => {
  runs = await startTestRuns()
  if (executablePath === undefined) return
  browser = await chromium.launch({ executablePath })
  const folder = join(runs.dir, 'input/section/1/video')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'first.jsonl'), linesOf(0, 40))
  run = runs.start(['--input', 'input', '--dir', 'paged', '--keep', '--json'])
  page = await browser.newPage({ viewport: { width: 1280, height: 1180 } })
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (told) => {
    // A query that is wrong is answered so.
    if (told.type() === 'error' && !told.text().includes('422')) errors.push(told.text())
  })
  await page.addInitScript(recorder)
  await page.goto(await urlOf(run))
  await run.report
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await runs.close()
})

/** The address as it is told while the run goes on. */
const urlOf = ({ child, ended }: Started): Promise<string> =>
  new Promise((resolve, reject) => {
    let told = ''
    child.stderr?.on('data', (part: Buffer) => {
      told += part.toString()
      const url = /^live page: (\S+)$/m.exec(told)?.[1]
      if (url !== undefined) resolve(url)
    })
    void ended.then(() => reject(new Error(`the run ended: ${told}`)))
  })

/** As a mouse does it. */
const drop = async (page: Page, name: string, text: string): Promise<void> => {
  const dataTransfer = await page.evaluateHandle(`(() => {
    const made = new DataTransfer()
    made.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}))
    return made
  })()`)
  await page.dispatchEvent('body', 'drop', { dataTransfer })
}

const numberOf = (page: Page, node: string) => () =>
  page.textContent(`[data-node="${node}"] .number`)

const fateOf = (page: Page, name: string) => () =>
  page.textContent(`#drops li:has(.key:text-is("section/${name}")) b`)

const linesOf = (first: number, count: number): string =>
  Array.from({ length: count }, (_, n) => `${statementOf(first + n)}\n`).join('')

const isWide = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth')

const textOf = (selector: string) => () => page.textContent(selector)

const ask = async (statement: string): Promise<void> => {
  // Without a mouse: the keys that a person has.
  await page.focus('#statement')
  await page.keyboard.press('Control+A')
  await page.keyboard.type(statement)
  await page.keyboard.press('Control+Enter')
}

const cells = (): Promise<string[]> => page.locator('#answer td').allTextContents()

/** In the page, before any code of it: what keeps its thread, how long its own code ran in late frames, how long a key waits for its frame. */
const recorder = `
  window.seen = { tasks: [], scripts: [], keys: [] }
  const observe = (type, name, durationsOf) =>
    new PerformanceObserver((found) => {
      window.seen[name].push(...found.getEntries().flatMap(durationsOf))
    }).observe({ type })
  observe('longtask', 'tasks', ({ duration }) => duration)
  observe('long-animation-frame', 'scripts', ({ scripts }) => scripts.map(({ duration }) => duration))
  addEventListener('keydown', ({ timeStamp }) =>
    requestAnimationFrame(() => window.seen.keys.push(performance.now() - timeStamp)),
  )
`

it('takes a file, answers a query, and counts what is broken', async ({ skip }) => {
  if (!browser) return skip(noChromium)
  await expect.poll(numberOf(page, 'clickhouse'), patience).toBe('40')
  await expect.poll(numberOf(page, 'silver'), patience).toBe('40')

  await drop(page, 'dropped.jsonl', linesOf(100, 7))
  await expect.poll(fateOf(page, 'dropped.jsonl'), patience).toBe('7 rows · xapi_events')
  await expect.poll(numberOf(page, 'clickhouse'), patience).toBe('47')
  expect(await numberOf(page, 'quarantine')()).toBe('0')

  await ask("SELECT count(), uniqExact(_record) FROM raw_events WHERE _source LIKE '%dropped%'")
  await expect.poll(textOf('#answer-told'), patience).toMatch(/^1 row in /)
  expect(await cells()).toEqual(['7', '7'])
  await page.fill('#statement', 'SELECT nothing FROM raw_events')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect.poll(textOf('#answer-told'), patience).toMatch(/^ClickHouse says: Unknown .*nothing/)

  await drop(page, 'broken.jsonl', `${linesOf(200, 2)}{"cut":\n[]\n`)
  await expect.poll(fateOf(page, 'broken.jsonl'), patience).toBe('2 rows, 2 rejected · xapi_events')
  await expect.poll(numberOf(page, 'quarantine'), patience).toBe('2')
  await expect.poll(numberOf(page, 'clickhouse'), patience).toBe('49')
  expect(await page.locator('#reasons li').allTextContents()).toEqual(
    expect.arrayContaining(['invalid_json1', 'not_an_object1']),
  )
  expect(await page.locator('#batch-rows tr').count()).toBe(3)
  expect((await page.textContent('#account p'))?.replaceAll(/\s+/g, ' ')).toContain(
    '51 records = 49 rows + 2 rejected',
  )

  // The very file again is no new object.
  await drop(page, 'dropped.jsonl', linesOf(100, 7))
  await expect
    .poll(fateOf(page, 'dropped.jsonl'), patience)
    .toBe('loaded before: 7 rows · xapi_events')
})

const elementsMax = 1_000
const objectsMin = 2_000
const objectsMax = 50_000
/** Lines that are rejected, each for another reason. */
const broken = ['{"cut":', '[]', '{"timestamp":"never"}']

/** Two rows in each, and now and then a line that is none. */
const loadOf = (n: number) => ({
  key: `section/load/video/${n}.jsonl`,
  text: `${linesOf(10_000 + 2 * n, 2)}${n % 5 === 0 ? `${broken[(n / 5) % 3]}\n` : ''}`,
})

/** Goes on until the least is loaded and `isEnough` says so. Resolves with how many. */
const uploadLoad = async (isEnough: () => boolean): Promise<number> => {
  const { endpoints } = JSON.parse(await readFile(join(runs.dir, 'paged/stack.json'), 'utf8')) as {
    readonly endpoints: { readonly s3: string }
  }
  const s3 = new S3Client({
    ...{ endpoint: endpoints.s3, region: 'us-east-1', forcePathStyle: true },
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  })
  let count = 0
  async function* list(): AsyncGenerator<InputObject> {
    while (count < objectsMin || (!isEnough() && count < objectsMax)) {
      const { key, text } = loadOf(count++)
      const body = Buffer.from(text)
      const open = () => one(body)
      yield await Promise.resolve({ key, sizeBytes: body.length, origin: key, open })
    }
  }
  const { signal } = new AbortController()
  await uploadAll(list(), { s3, bucket: 'bronze', signal, onUploaded: () => undefined })
  s3.destroy()
  return count
}

async function* one<Item>(item: Item): AsyncGenerator<Item> {
  yield await Promise.resolve(item)
}

const shownNumber = async (node: string): Promise<number> =>
  Number((await numberOf(page, node)())?.replaceAll(/\D/g, ''))

const countElements = (of: Page): Promise<number> =>
  of.evaluate<number>(`document.querySelectorAll('*').length`)

/** What the pictures themselves cost is no figure of the page. */
const portray = async (): Promise<void> => {
  if (!pictures) return
  await expect.poll(() => shownNumber('clickhouse'), patience).toBeGreaterThan(objectsMin)
  const seen = await page.evaluate('window.seen')
  await page
    .getByLabel('Query', { exact: true })
    .fill(
      'SELECT user_id, count() AS rows, max(_loaded_at) AS newest FROM raw_events GROUP BY user_id ORDER BY user_id',
    )
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect.poll(textOf('#answer-told'), patience).toMatch(/^7 rows in /)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const before = await shownNumber('clickhouse')
    const often = { ...patience, interval: 20 }
    await expect.poll(() => shownNumber('clickhouse'), often).not.toBe(before)
    await page.waitForTimeout(400)
    await page.screenshot({ path: join(pictures, `live-page-${colorScheme}.png`), fullPage: true })
  }
  await page.evaluate((kept) => Object.assign(globalThis, { seen: kept }), seen)
}

type Recorded = Readonly<Record<'tasks' | 'scripts' | 'keys', readonly number[]>>

/** Told, not judged: they are those of this machine, which does all the rest of the work, too. */
const tellFigures = async (objects: number, seconds: number): Promise<void> => {
  const { tasks, scripts, keys } = await page.evaluate<Recorded>('window.seen')
  const mostOf = (all: readonly number[]): number => Math.round(Math.max(0, ...all))
  const figures = {
    ...{ objects, seconds: Math.round(seconds), longTasks: tasks.length },
    ...{ longestTaskMs: mostOf(tasks), longestScriptMs: mostOf(scripts) },
    ...{ keys: keys.length, slowestKeyMs: mostOf(keys) },
  }
  if (pictures) process.stderr.write(`${JSON.stringify(figures)}\n`)
}

/** Another question each time, so that no answer is that of the one before. */
const askEnough = async (n: number): Promise<void> => {
  await ask(`SELECT ${n} AS n, count() > 300 AS enough FROM raw_events`)
  await expect.poll(cells, patience).toEqual([String(n), '1'])
}

it('answers while thousands of objects flow, grows no further, and ends with every row', async ({
  skip,
}) => {
  if (!browser) return skip(noChromium)
  const startedAt = performance.now()
  await page.evaluate('window.seen = { tasks: [], scripts: [], keys: [] }')
  let isEnough = false
  const loading = uploadLoad(() => isEnough)
  try {
    await expect.poll(() => shownNumber('clickhouse'), patience).toBeGreaterThan(300)
    for (const n of [1, 2, 3]) await askEnough(n)
    await portray()
  } finally {
    isEnough = true
  }
  let isLoading = true
  const loaded = loading.finally(() => (isLoading = false))
  for (let n = 4; isLoading; n++) await askEnough(n)
  const objects = await loaded
  await expect.poll(() => shownNumber('clickhouse'), patience).toBe(49 + 2 * objects)
  await expect.poll(() => shownNumber('silver'), patience).toBe(49 + 2 * objects)
  expect(await shownNumber('quarantine')).toBe(2 + Math.ceil(objects / 5))
  expect(await countElements(page)).toBeLessThan(elementsMax)
  await tellFigures(objects, (performance.now() - startedAt) / 1_000)
  await ask('SELECT uniqExact(_source, _version, _record, _part) FROM raw_events')
  await expect.poll(cells, patience).toEqual([String(49 + 2 * objects)])
})

it('says that it hears nothing when the run has ended', async ({ skip }) => {
  if (!browser || !run) return skip(noChromium)
  expect(errors).toEqual([])
  run.child.kill('SIGINT')
  expect((await run.ended).code).toBe(0)
  await expect.poll(textOf('#news-text'), patience).toMatch(/^no news for /)
})

const idle = { running: 0, runningMax: 2, done: 0, isPaused: false }
const empty = { waiting: 0, inFlight: 0, dead: 0 }
const markup = '<img src=x onerror="document.title=1">'
const target = { rows: 1_234_567, files: 3, bytes: 5_000_000 }
const many = Array.from({ length: 500 }, (_, n) => n)
const manyReasons = Object.fromEntries(many.map((n) => [`reason_${n}`, 1]))
const troubled: Tick = {
  point: { at: 1_000, waiting: 3, rows: 2, rejected: 0.5, lagMs: 3_000 },
  queues: { arrivals: empty, objects: { ...empty, waiting: 12_345, dead: 2 }, messages: empty },
  functions: { ingest: { ...idle, isPaused: true }, transform: { ...idle, running: 1 } },
  landed: { objects: 1_234_567, bytes: 5e12, lastKey: markup },
  openBatches: 7,
  totals: {
    ...{ objects: 7, records: 9_999_999, rows: 9_999_990, rejected: 8, discarded: 1, batches: 5 },
    ...{
      quarantineFiles: 2,
      rejectedByReason: { [markup]: 8, ...manyReasons },
      dispositions: { unrouted: 2 },
    },
  },
  applied: {
    silver: target,
    clickhouse: { ...target, rest: { until: 999, problem: 'TARGET_UNAVAILABLE: refused' } },
  },
  moved: { ...{ landed: 0, ingested: 0, transformed: 0, messages: 0, rejected: 0 }, applied: {} },
  batches: [],
  drops: [],
  problems: [],
}
const hello: Hello = {
  ...{ dir: 'state', startedAt: 1, targets: ['silver', 'clickhouse'], bronzeBucket: 'bronze' },
  routes: [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }],
  ...{ uploadBytesMax: 1e6, rowsMax: 200, queryMs: 10_000, hasEngine: false, isBlind: false },
  ...{ historyMax: 300, history: [troubled.point], tick: troubled },
  drops: many.map((id) => ({
    ...{ id, key: markup, sizeBytes: 1, at: 1_000, state: 'loading', known: false },
  })),
  problems: many.map((n) => ({ at: 1_000, text: `transform: ${n} ${markup}` })),
  batches: many.map((n) => ({
    ...{ id: `01K${n}`, sealedAt: 1_000, state: 'sealed', objects: 2 },
    ...{ firstKey: markup, rows: 3, rejected: 1, chunks: 2, problem: 'refused' },
    done: { silver: 2, clickhouse: 1 },
  })),
}

it('tells trouble in words, shows no markup of others, however much there is, and fits a narrow window', async ({
  skip,
}) => {
  if (!browser) return skip(noChromium)
  const server = await startPageServer({
    ...{ assets: await readAssets(), viewers: createViewers(), hello: () => hello },
    drops: {
      load: () => Promise.reject(new Error('no')),
      settle: () => Promise.resolve([]),
      list: () => [],
    },
    ask: undefined,
  })
  const narrow = await browser.newPage({
    viewport: { width: 390, height: 844 },
    reducedMotion: 'reduce',
  })
  try {
    await narrow.goto(server.url)
    await expect
      .poll(() => narrow.textContent('#rests'), patience)
      .toBe('clickhouse is tried again now: TARGET_UNAVAILABLE: refused')
    const textIn = (node: string) => narrow.textContent(`[data-node="${node}"] .detail`)
    expect(await textIn('clickhouse')).toBe('rests')
    expect(await textIn('ingest')).toBe('paused')
    expect(await textIn('objects')).toBe('2 dead letters')
    expect(await narrow.textContent('#account-detail')).toBe(
      'from 7 objects in 5 batches · 2 unrouted',
    )
    expect(await narrow.textContent('#batch-rows td.key')).toBe(markup)
    expect(await narrow.textContent('#problems')).toContain(markup)
    expect(await narrow.textContent('#reasons span')).toBe(markup)
    expect(await narrow.locator('img').count()).toBe(0)
    expect(await narrow.locator('#batch-rows tr').count()).toBe(40)
    expect(await countElements(narrow)).toBeLessThan(elementsMax)
    for (const width of [390, 800, 1_280]) {
      await narrow.setViewportSize({ width, height: 900 })
      expect(await isWide(narrow)).toBe(false)
    }
    // As a screen reader names them.
    await narrow.getByLabel('Folder in bronze').fill('elsewhere/')
    expect(await narrow.textContent('#route')).toContain('no route takes files here')
    expect(await narrow.getByRole('button', { name: 'Run' }).count()).toBe(0)
    expect(await narrow.textContent('#answer-told')).toContain('no ClickHouse')
  } finally {
    await narrow.close()
    await server.close()
  }
})
