import {
  type Bill,
  billOf,
  type Deployment,
  figureMeanings,
  idleOf,
  type Inputs,
  keptOf,
  limitMeanings,
  priceMeanings,
  type Prices,
  totalOf,
} from '@silversmith/flow/cost'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runCommand } from './command.ts'
import { capacityLimits } from './cost/capacity-limits.ts'
import { hitAt, moveOf, reachOf, useOf } from './cost/capacity.ts'
import type { Setup } from './cost/moves.ts'
import { stackDeployment, withTransform, withWindow } from './cost/deployment.ts'
import { parseNumbers, wantedLimits, wantedMeasured, wantedPrices } from './cost/inputs.ts'
import { others } from './cost/others.ts'
import { rates } from './cost/report.ts'
import { UsageError } from './usage-error.ts'

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'silversmith-bench-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

const committed = (name: string): Promise<string> =>
  readFile(new URL(`../../libs/flow/src/cost/${name}.json`, import.meta.url), 'utf8')

const committedInputs = async (): Promise<Inputs> => ({
  figures: parseNumbers(await committed('measured'), wantedMeasured).numbers,
  prices: parseNumbers(await committed('prices'), wantedPrices).numbers,
  limits: parseNumbers(await committed('limits'), wantedLimits).numbers,
})

const all = <Name extends string>(meanings: Readonly<Record<Name, string>>, value: number) =>
  Object.fromEntries(Object.keys(meanings).map((name) => [name, value])) as Record<Name, number>

const million = 1e6

/** An object of 1 MB takes a CPU second of transform, an object one of ingest; every request costs a dollar, nothing waits. */
const plain: Inputs = {
  figures: {
    ...all(figureMeanings, 0),
    ...{ recordBytes: 1_000, convertMbPerCpuSecond: 1, parquetBytesPerByte: 0.1 },
    ...{ pythonMbPerCpuSecond: 20, pythonPeakMibPerMb: 2.7 },
    ...{ jsonMbPerChunk: 10, ingestCpuMsPerObject: 1_000, insertRowsPerSecond: Infinity },
    ...{
      messagesPerSend: 10,
      messagesPerReceive: 10,
      messageBytes: 1_000,
      transferMbPerSecond: Infinity,
    },
    ...{
      ingestLogBytes: 100,
      transformLogBytes: 200,
      claimBytes: 200,
      manifestBytesPerObject: 400,
    },
  },
  prices: {
    ...all(priceMeanings, million),
    ...{ lambdaX86GbSecond: 7, lambdaArmGbSecond: 5, lambdaRequestsMillion: 3 * million },
    ...{ logsGb: 1e7, dynamoDbGbMonth: 1e9, s3GbMonth: 1e6 },
  },
  limits: {
    ...all(limitMeanings, 1_000),
    ...{ lambdaMbPerCpu: 1_024, lambdaPayloadBytes: 6e6, mappingBatches: 5 },
  },
}

const gb = { memoryMb: 1_024, timeoutSeconds: 100, batchSize: 100, windowSeconds: 1 }
const deployment: Deployment = { ...stackDeployment, ingest: gb, transform: gb }
const oneByOne = { objectsPerSecond: 1, objectBytes: 1e6, days: 1 }

describe('a bill', () => {
  test('is what one counts by hand, for an object that is a batch of its own', () => {
    expect(billOf(plain, deployment, oneByOne)).toEqual({
      // A second at 1 GB, 7 dollars, and an invocation, 3 dollars; of both functions.
      lambda: 20,
      // S3's event, a send, two receives, two deletes.
      sqs: 6,
      // Two of idempotency, the claim, three of the batch, two of its index; reads: the claim, three of the batch, four breakers.
      dynamoDb: 2 + 1 + 3 + 2 + (1 + 3 + 4),
      // PUTs of chunk and manifest, copy, listing; GETs of object, manifest, block, HEADs of the copy and of what was erased.
      s3: 4 + 5,
      logs: (300 / 1e9) * 1e7,
    })
  })

  test('is shared by the objects of a batch', () => {
    // 50 objects a second, five batches at a time, a window of a second: ten in each.
    const bill = billOf(plain, deployment, { ...oneByOne, objectsPerSecond: 50 })
    const tenth = 1 / 10
    expect(bill?.lambda).toBeCloseTo(2 * 7 + 2 * 3 * tenth)
    expect(bill?.sqs).toBeCloseTo(1 + 5 * tenth)
    expect(bill?.dynamoDb).toBeCloseTo(2 + 1 + 5 * tenth + 1 + (3 + 4) * tenth)
    expect(bill?.s3).toBeCloseTo(4 * tenth + 1 + 4 * tenth)
    expect(bill?.logs).toBeCloseTo((30 / 1e9) * 1e7)
  })

  test('is the same with less memory up to a CPU, and larger with more than that', () => {
    const lambdaOf = (memoryMb: number): number =>
      billOf(plain, withTransform(deployment, { memoryMb }), oneByOne)?.lambda ?? NaN
    expect(lambdaOf(512)).toBeCloseTo(20)
    expect(lambdaOf(2_048)).toBeCloseTo(27)
  })

  test('is less on arm64 by the price of its time', () => {
    const bill = billOf(plain, { ...deployment, architecture: 'arm' }, oneByOne)
    expect(bill?.lambda).toBe(2 * 5 + 2 * 3)
  })

  test('is none for an object that takes longer than an invocation', () => {
    const seconds = 86
    expect(billOf(plain, deployment, { ...oneByOne, objectBytes: seconds * 1e6 })).toBeUndefined()
    expect(billOf(plain, deployment, { ...oneByOne, objectBytes: 80e6 })).toBeDefined()
  })

  test('tells what is kept a month and what idling costs', () => {
    expect(keptOf(plain, 1e6)).toBeCloseTo(((1e5 + 400) / 1e9) * 1e6 + (200 / 1e9) * 1e9)
    // Two mappings, five polls at a time, 20 s each, 30 days.
    expect(idleOf(plain)).toBeCloseTo(2 * 5 * ((30 * 86_400) / 20))
  })
})

const changes: Readonly<Record<keyof Prices, readonly (keyof Bill | 'kept' | 'others')[]>> = {
  lambdaX86GbSecond: ['lambda', 'others'],
  lambdaArmGbSecond: [],
  lambdaRequestsMillion: ['lambda', 'others'],
  sqsRequestsMillion: ['sqs', 'others'],
  dynamoDbWritesMillion: ['dynamoDb', 'others'],
  dynamoDbReadsMillion: ['dynamoDb'],
  dynamoDbGbMonth: ['kept'],
  s3PutsMillion: ['s3', 'others'],
  s3GetsMillion: ['s3', 'others'],
  s3GbMonth: ['kept'],
  logsGb: ['logs'],
  firehoseGb: ['others'],
  firehoseConversionGb: ['others'],
  firehosePartitioningGb: ['others'],
}

test.each(Object.entries(changes))('the price %s changes %j and nothing else', (name, parts) => {
  const figuresOf = (inputs: Inputs) => ({
    ...billOf(inputs, deployment, oneByOne),
    kept: keptOf(inputs, oneByOne.objectBytes),
    others: others.map(({ dollars }) => dollars(inputs, deployment, oneByOne)),
  })
  const price = plain.prices[name as keyof Prices]
  const before = figuresOf(plain)
  const after = figuresOf({ ...plain, prices: { ...plain.prices, [name]: price * 2 } })
  const changed = Object.keys(before).filter((part) => {
    const [old, now] = [before, after].map((one) => JSON.stringify(one[part as keyof typeof one]))
    return old !== now
  })
  expect(changed).toEqual(parts)
})

test('others cost what one counts by hand', () => {
  const dollarsOf = (name: string, objectBytes: number): number | undefined =>
    others
      .find((one) => one.name === name)
      ?.dollars(plain, deployment, { ...oneByOne, objectBytes })
  // A GET, an invocation of 3 dollars.
  expect(dollarsOf('seed 001, requests alone', 1e6)).toBe(4)
  // Ingest: an invocation, a GET, two locks; for each ten of 1 000 records: send, receive, delete, an invocation, a file.
  expect(dollarsOf('seed 003, requests alone', 1e6)).toBe(3 + 1 + 2 + 100 * (3 + 3 + 1))
  // Records of 1 000 bytes count as 5 120; a GB costs a million twice.
  expect(dollarsOf('Firehose, a record each', 1e6)).toBeCloseTo(1_000 * (5_120 / 1e9) * 2e6)
  expect(dollarsOf('Firehose, packed', 1e6)).toBeCloseTo((1e6 / 1e9) * 3e6)
  // A second, twelve objects: 1 MB each for 1/20 s; 7 dollars a second at 1 GB. Then 1 invocation, 12 events, 1.2 receives, deletes.
  expect(dollarsOf('seed 000', 1e6)).toBeCloseTo(7 / 20 + 3 / 12 + 1 + 2 / 10 + 1)
  // 2.7 MiB of memory for a MB, 12 objects in 1 024 MB.
  expect(dollarsOf('seed 000', 40e6)).toBeUndefined()
})

describe('a limit', () => {
  const setupsOf = async (): Promise<readonly Setup[]> => {
    const inputs = await committedInputs()
    return [1e3, 1e4, 1e6].flatMap((objectBytes) =>
      [1, 60].map((window) => {
        const own = withWindow(stackDeployment, window)
        return { inputs, objectBytes, days: 1, deployment: own }
      }),
    )
  }

  test.each(capacityLimits.map((limit) => [limit.name, limit] as const))(
    '%s takes more of it the more objects come, and names a setting that moves it',
    async (_name, limit) => {
      for (const setup of await setupsOf()) {
        const uses = [0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6].map((rate) => useOf(limit, setup, rate))
        uses.forEach((use, at) => expect(use).toBeGreaterThan((uses[at - 1] ?? 0) * 0.999))
        const reach = reachOf(limit, setup)
        const { setting, setup: moved } = moveOf(limit, setup, (reach ?? 1e6) * 1.01)
        expect(setting).toMatch(/\w+.*: \d+ to \d+/)
        if (reach !== undefined) {
          const after = reachOf(limit, moved)
          expect(useOf(limit, setup, reach * 0.999)).toBeLessThanOrEqual(1)
          expect(useOf(limit, setup, reach * 1.001)).toBeGreaterThan(1)
          expect(after ?? Infinity).toBeGreaterThan(reach)
        }
      }
    },
  )

  test('that is hit first is the one most overrun, and its setting moves it', async () => {
    for (const setup of await setupsOf())
      for (const rate of rates) {
        const { over, next } = hitAt(setup, rate)
        const [worst] = over
        for (const { use } of over) expect(use).toBeGreaterThan(1)
        expect(next?.use ?? 0).toBeLessThanOrEqual(1)
        if (!worst) continue
        expect(worst.setting).toMatch(/: \d+ to \d+/)
        expect(worst.use).toBe(Math.max(...capacityLimits.map((one) => useOf(one, setup, rate))))
        expect(useOf(worst.limit, moveOf(worst.limit, setup, rate).setup, rate)).toBeLessThan(
          worst.use,
        )
      }
  })

  test('is reached where one counts it by hand', async () => {
    const [first] = await setupsOf()
    if (!first) throw new Error('there is no setup')
    const reachOfName = (name: string): number | undefined => {
      const limit = capacityLimits.find((one) => one.name === name)
      return limit && reachOf(limit, first)
    }
    // Two writes an object, 40 000 a second; one GET, 5 500 a second.
    expect(reachOfName('DynamoDB idempotency')).toBeCloseTo(20_000)
    expect(reachOfName('S3 bronze')).toBeCloseTo(5_500)
    // Batches of 5 000: two writes each, over four shards of 1 000 a second.
    expect(reachOfName('DynamoDB open index')).toBeCloseTo(10_000_000)
    // Windows of a second: one INSERT an object.
    expect(reachOfName('ClickHouse INSERTs')).toBeCloseTo(1)
  })
})

describe('a file of inputs', () => {
  const change = async (edit: (numbers: Record<string, unknown>) => void): Promise<string> => {
    const whole = JSON.parse(await committed('prices')) as { numbers: Record<string, unknown> }
    edit(whole.numbers)
    return JSON.stringify(whole)
  }
  const parse = async (edit: (numbers: Record<string, unknown>) => void) =>
    parseNumbers(await change(edit), wantedPrices)

  test.each<[string, (numbers: Record<string, unknown>) => void, string]>([
    [
      'unknown',
      (numbers) => (numbers['s3Puts'] = { value: 1, from: 'x' }),
      'numbers.s3Puts is not known',
    ],
    ['missing', (numbers) => delete numbers['logsGb'], 'numbers.logsGb is missing'],
    [
      'text',
      (numbers) => (numbers['logsGb'] = { value: '1', from: 'x' }),
      'numbers.logsGb.value must be',
    ],
    [
      'negative',
      (numbers) => (numbers['logsGb'] = { value: -1, from: 'x' }),
      'must be a number from 0',
    ],
    ['bare', (numbers) => (numbers['logsGb'] = 0.5), 'numbers.logsGb.from must say'],
  ])('with an entry that is %s is refused', async (_kind, edit, why) => {
    await expect(parse(edit)).rejects.toBeInstanceOf(UsageError)
    await expect(parse(edit)).rejects.toThrow(why)
  })

  test('that is none is refused', () => {
    for (const text of ['', '[]', '3', '{']) {
      expect(() => parseNumbers(text, wantedPrices)).toThrow(UsageError)
    }
    expect(() => parseNumbers('{"numbers": {}}', wantedMeasured)).toThrow(
      /date is missing; machine is missing; commit is missing; numbers\.recordBytes is missing/,
    )
  })

  test('of measured figures takes no zero, one of prices does', async () => {
    const free = await parse((numbers) => (numbers['logsGb'] = { value: 0, from: 'x' }))
    expect(free.numbers.logsGb).toBe(0)
    const zero = (await committed('measured')).replace(/"value": [\d.]+/, '"value": 0')
    expect(() => parseNumbers(zero, wantedMeasured)).toThrow(/must be a number above 0/)
  })
})

describe('npm run bench -- cost', () => {
  const runJson = async (...args: string[]) => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    try {
      await runCommand(['cost', '--json', ...args])
      return JSON.parse(String(print.mock.calls[0]?.[0])) as {
        prices: Prices
        costs: { objectBytes: number; memories: { cost: { dollarsPerGb: number } }[] }[]
        capacity: { rates: { over: { setting: string }[] }[] }[]
      }
    } finally {
      print.mockRestore()
    }
  }

  test('prints the committed page and chart', async () => {
    await runJson('--page', folder)
    const docs = fileURLToPath(new URL('../../docs/benchmarks/', import.meta.url))
    for (const name of ['cost.md', 'cost.svg']) {
      const printed = await readFile(join(folder, name), 'utf8')
      const why = `docs/benchmarks/${name} is old: npm run bench -- cost --page docs/benchmarks`
      expect(printed, why).toBe(await readFile(join(docs, name), 'utf8'))
    }
  })

  test('takes other prices, figures and settings', async () => {
    const inputs = await committedInputs()
    const prices = JSON.parse(await committed('prices')) as { numbers: Record<string, object> }
    for (const entry of Object.values(prices.numbers)) Object.assign(entry, { value: 0 })
    const path = join(folder, 'free.json')
    await writeFile(path, JSON.stringify(prices))
    const free = await runJson('--prices', path)
    expect(Object.values(free.prices)).toEqual(Object.values(inputs.prices).map(() => 0))
    for (const { memories } of free.costs)
      for (const { cost } of memories) expect(cost.dollarsPerGb).toBe(0)
    const [usual, rare] = [
      await runJson(),
      await runJson('--window', '60', '--architecture', 'arm'),
    ]
    const dollarsOf = ({ costs }: typeof usual): number =>
      costs[2]?.memories[2]?.cost.dollarsPerGb ?? NaN
    expect(dollarsOf(rare)).toBeLessThan(dollarsOf(usual))
    const traffic = { objectsPerSecond: 100, objectBytes: 1e5, days: 1 }
    const bill = billOf(inputs, withTransform(stackDeployment, { memoryMb: 1_769 }), traffic)
    expect(dollarsOf(usual)).toBeCloseTo(((bill ? totalOf(bill) : NaN) / 1e5) * 1e9)
    for (const { rates: own } of usual.capacity)
      for (const { over } of own) for (const { setting } of over) expect(setting).not.toBe('')
  })

  test.each([
    [['--prices', 'no-such-file'], /--prices no-such-file cannot be read/],
    [['--window', '0'], /--window must be a whole number from 1/],
    [['--window', '301'], /--window must be at most 300/],
    [['--architecture', 'mips'], /--architecture must be x86 or arm/],
    [['--object', '1000000000000'], /one invocation cannot read it/],
  ])('refuses %j', async (args, why) => {
    const outcome = runCommand(['cost', ...args])
    await expect(outcome).rejects.toBeInstanceOf(UsageError)
    await expect(outcome).rejects.toThrow(why)
  })
})
