import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createFunctionPool } from './function-pool.ts'
import type { FunctionPool } from './function-pool.ts'
import type { Failure, FunctionSettings, Outcome } from './invocation.ts'

let dir: string
const pools: FunctionPool[] = []
const initFailures: Failure[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-lambda-'))
})
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
  initFailures.length = 0
})
afterAll(() => rm(dir, { recursive: true, force: true }))

let count = 0
const start = async (code: string, settings: Partial<FunctionSettings> = {}) => {
  const name = `toy-${++count}`
  const bundle = join(dir, `${name}.mjs`)
  await writeFile(bundle, code)
  const pool = createFunctionPool(
    { name, bundle, env: {}, timeoutMs: 5_000, memoryMib: 256, concurrencyMax: 1, ...settings },
    { logFile: join(dir, `${name}.log`), onInitFailure: (failure) => initFailures.push(failure) },
  )
  pools.push(pool)
  return pool
}

const parsed = (outcome: Outcome): unknown =>
  outcome.kind === 'success' ? JSON.parse(outcome.payload) : outcome

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('hands the event to the handler and gives its answer back, again and again in one process', async () => {
  const pool = await start(
    'let n = 0; export const handler = async (event) => ({ event, n: ++n, pid: process.pid })',
  )
  const first = parsed(await pool.invoke('{"a":"é"}')) as { pid: number }
  const second = parsed(await pool.invoke('[1]'))
  expect(first).toMatchObject({ event: { a: 'é' }, n: 1 })
  expect(second).toEqual({ event: [1], n: 2, pid: first.pid })
})

it('gives the context and the environment that Lambda gives, and nothing of the caller', async () => {
  process.env['SECRET_OF_THE_CALLER'] = 'x'
  const pool = await start(
    `export const handler = async (event, context) => ({
       ...context, remaining: context.getRemainingTimeInMillis(), type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE,
       mine: process.env.MINE, secret: process.env.SECRET_OF_THE_CALLER ?? null })`,
    { env: { MINE: 'yes' } },
  )
  const seen = parsed(await pool.invoke('{}')) as Record<string, unknown>
  expect(seen).toMatchObject({
    functionName: pool.name,
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${pool.name}`,
    memoryLimitInMB: '256',
    type: 'on-demand',
    mine: 'yes',
    secret: null,
  })
  expect(seen['awsRequestId']).toMatch(/^[0-9a-f-]{36}$/)
  expect(seen['remaining']).toBeGreaterThan(0)
  expect(seen['remaining']).toBeLessThanOrEqual(5_000)
})

it('answers null when the handler returns nothing', async () => {
  const pool = await start('export const handler = async () => {}')
  expect(await pool.invoke('{}')).toEqual({ kind: 'success', payload: 'null' })
})

it('tells a thrown error by type and message, and the process lives on', async () => {
  const pool = await start(
    `export const handler = async (event) => { if (event.bad) throw new TypeError('no good'); return process.pid }`,
  )
  const before = parsed(await pool.invoke('{}'))
  expect(await pool.invoke('{"bad":true}')).toMatchObject({
    kind: 'failure',
    errorType: 'TypeError',
    errorMessage: 'no good',
  })
  expect(parsed(await pool.invoke('{}'))).toBe(before)
})

it('kills a process that runs out of time and starts another for the next event', async () => {
  const pool = await start(
    `export const handler = async (event) => {
       if (event.spin) for (;;);
       if (event.wait) await new Promise((resolve) => setTimeout(resolve, 60_000))
       return process.pid }`,
    { timeoutMs: 700 },
  )
  const first = parsed(await pool.invoke('{}')) as number
  for (const event of ['{"spin":1}', '{"wait":1}']) {
    const outcome = await pool.invoke(event)
    expect(outcome).toMatchObject({ kind: 'failure', errorType: 'Sandbox.Timedout' })
    expect(isRunning(first)).toBe(false)
  }
  expect(parsed(await pool.invoke('{}'))).not.toBe(first)
})

it('tells how a process ended that crashed in the middle of an event', async () => {
  const pool = await start(
    `export const handler = async (event) => {
       if (event.exit !== undefined) process.exit(event.exit)
       if (event.kill) process.kill(process.pid, 'SIGKILL')
       if (event.never) return new Promise(() => {})
       if (event.loose) { setTimeout(() => { throw new RangeError('loose') }, 5); return new Promise(() => {}) }
       return 'fine' }`,
  )
  const messageOf = async (event: string) => ((await pool.invoke(event)) as Failure).errorMessage
  expect(await messageOf('{"exit":7}')).toContain('exit status 7')
  expect(await messageOf('{"kill":1}')).toContain('SIGKILL')
  expect(await messageOf('{"never":1}')).toContain('exit')
  expect(await messageOf('{"loose":1}')).toBe('loose')
  expect(parsed(await pool.invoke('{}'))).toBe('fine')
})

it('tells a failed start to the caller and to the one who watches', async () => {
  const broken = await start(`throw new Error('PIPELINE is not set')`)
  expect(await broken.invoke('{}')).toMatchObject({ errorMessage: 'PIPELINE is not set' })
  const empty = await start('export const other = 1')
  expect(await empty.invoke('{}')).toMatchObject({ errorType: 'Runtime.HandlerNotFound' })
  expect(initFailures.map(({ errorMessage }) => errorMessage)).toEqual([
    'PIPELINE is not set',
    expect.stringContaining('no function named handler'),
  ])
})

it('runs as many events at once as it may, and throttles one more', async () => {
  const pool = await start(
    `import { existsSync } from 'node:fs'
     export const handler = async ({ gate }) => {
       while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 10))
       return process.pid }`,
    { concurrencyMax: 2 },
  )
  const event = JSON.stringify({ gate: join(dir, 'gate') })
  const held = [pool.invoke(event), pool.invoke(event)]
  expect(await pool.invoke(event)).toEqual({ kind: 'throttled' })
  await writeFile(join(dir, 'gate'), '')
  const pids = (await Promise.all(held)).map(parsed)
  expect(new Set(pids).size).toBe(2)
})

it('takes an event of 6 MB and refuses a larger one, and an answer over the limit', async () => {
  const pool = await start(
    `export const handler = async ({ text, answer }) => answer ? 'x'.repeat(answer) : text.length`,
  )
  const limit = 6 * 1024 * 1024
  const eventOf = (size: number) =>
    JSON.stringify({ text: 'x'.repeat(size - '{"text":""}'.length) })
  expect(parsed(await pool.invoke(eventOf(limit)))).toBe(limit - '{"text":""}'.length)
  expect(await pool.invoke(eventOf(limit + 1))).toMatchObject({
    errorType: 'RequestEntityTooLarge',
  })
  expect(await pool.invoke(JSON.stringify({ answer: limit }))).toMatchObject({
    errorType: 'Function.ResponseSizeTooLarge',
  })
})

it('keeps what the function prints in its log', async () => {
  const pool = await start(
    `console.log('cold'); export const handler = async () => console.error('warm')`,
  )
  await pool.invoke('{}')
  await pool.close()
  const log = await readFile(pool.logFile, 'utf8')
  // Lines and marks come on different ways, so that their order is not certain.
  for (const text of ['cold\n', 'warm\n', 'START RequestId: ', 'END RequestId: '])
    expect(log).toContain(text)
})

it('leaves no process behind when it closes, not even one in the middle of an event', async () => {
  const pool = await start(
    `import { writeFileSync } from 'node:fs'
     export const handler = ({ file }) => { writeFileSync(file, String(process.pid)); return new Promise((r) => setTimeout(r, 60_000)) }`,
    { timeoutMs: 60_000 },
  )
  const file = join(dir, 'pid')
  const outcome = pool.invoke(JSON.stringify({ file }))
  const pid = Number(
    await expect
      .poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 300_000 })
      .not.toBe('')
      .then(() => readFile(file, 'utf8')),
  )
  await pool.close()
  expect(isRunning(pid)).toBe(false)
  expect(await outcome).toMatchObject({ kind: 'failure' })
})
