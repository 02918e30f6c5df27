import { countFileSizes, countInsertRows, type FileSizes, type InsertRows } from '@silversmith/core'
import {
  type Arrived,
  describe,
  describeStatus,
  drain,
  type Due,
  expect,
  isEmpty,
  judge,
  mirror,
  readArrived,
  readHistory,
  type SealedBatch,
  silverPrefix,
  type Stack,
} from '@silversmith/local'
import { makeObjects } from '../stack/made-objects.ts'
import { type Spendings, startObservedStack } from '../stack/observed-stack.ts'
import { upload } from '../stack/upload.ts'

export interface SmallOptions {
  readonly objects: number
  readonly days: number
  readonly tell: (what: string) => void
}

/** What became of many small objects that wait when the stack starts. */
export interface SmallRun {
  readonly days: number
  readonly objects: number
  readonly bytes: number
  readonly rows: number
  /** Of the uploads, before the stack starts. */
  readonly uploadSeconds: number
  /** From the start of the stack's functions until all batches are committed. */
  readonly seconds: number
  readonly objectsPerSecond: number
  readonly batches: number
  /** Requests that carried one, repeated ones included. */
  readonly inserts: number
  /** Of one batch. */
  readonly insertsMost: number
  readonly insertRows: InsertRows
  readonly silverFiles: number
  readonly silverSizes: FileSizes
  /** From the start of the stack's functions on. */
  readonly spent: Spendings
}

const uploadsMax = 8
const statementsPerObject = 2

/** What was uploaded, and what must come of it, in the words of what arrives. */
interface Load extends Due {
  readonly objects: number
  readonly bytes: number
}

const uploadAll = async (
  stack: Stack,
  { objects, days, tell }: SmallOptions,
  signal: AbortSignal,
): Promise<Load> => {
  const made = makeObjects({ statementsPerObject, days, name: 'small' })
  const rows = new Set<string>()
  const quarantine = new Set<string>()
  let bytes = 0
  let begun = 0
  let done = 0
  const worker = async (): Promise<void> => {
    while (begun < objects) {
      begun += 1
      const object = made.next().value
      const due = expect({ ...object, ...(await upload(stack, object, signal)) })
      for (const row of due.rows) rows.add(row)
      for (const record of due.quarantine) quarantine.add(record)
      bytes += object.body.length
      done += 1
      tell(`uploaded ${done} of ${objects} objects`)
    }
  }
  await Promise.all(Array.from({ length: uploadsMax }, worker))
  await stack.notifier.flush()
  return { objects: done, bytes, rows, quarantine }
}

/** Seconds until nothing was left to do. */
const runToEmpty = async (
  stack: Stack,
  signal: AbortSignal,
  tell: SmallOptions['tell'],
): Promise<number> => {
  const startedAt = performance.now()
  let emptyAt: number | undefined
  stack.start()
  const { dead } = await drain(stack, {
    signal,
    onStatus: (status) => {
      tell(describeStatus(status))
      emptyAt = isEmpty(status) ? (emptyAt ?? performance.now()) : undefined
    },
  })
  if (dead > 0) throw new Error(`${dead} messages are dead letters`)
  return ((emptyAt ?? performance.now()) - startedAt) / 1_000
}

const shapeOf = (history: readonly SealedBatch[]) => {
  const perBatch = history.map(({ manifest }) => manifest.chunks.filter(({ block }) => block))
  return {
    batches: history.length,
    insertsMost: Math.max(0, ...perBatch.map((chunks) => chunks.length)),
    insertRows: countInsertRows(perBatch.flatMap((chunks) => chunks.map(({ rows }) => rows))),
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

/** @throws Error when a single row is lost, doubled or nobody's. */
export const checkExact = (due: Due, arrived: Arrived): void => {
  const problems = describe(judge(due, arrived))
  if (problems.length > 0) throw new Error(`not exact: ${problems.join('; ')}`)
}

/** @throws Error when what arrived is not exact. */
export const runSmall = async (options: SmallOptions): Promise<SmallRun> => {
  const observed = await startObservedStack()
  const { stack, signal } = observed
  try {
    const uploadedFrom = performance.now()
    const load = await uploadAll(stack, options, signal)
    const uploadSeconds = (performance.now() - uploadedFrom) / 1_000
    await observed.spend()
    const seconds = await runToEmpty(stack, signal, options.tell)
    const spent = await observed.spend()
    options.tell('every row is compared')
    checkExact(load, await readArrived(stack, observed.engineUrl))
    const files = await mirror(stack, silverPrefix)
    return {
      ...{ days: options.days, objects: load.objects, bytes: load.bytes, rows: load.rows.size },
      ...{ uploadSeconds: round(uploadSeconds), seconds: round(seconds) },
      objectsPerSecond: Math.round(load.objects / seconds),
      inserts: spent.transform.requests?.['ClickHouse INSERT']?.count ?? 0,
      ...shapeOf(await readHistory(stack, signal)),
      silverFiles: files.length,
      silverSizes: countFileSizes(files.map(({ sizeBytes }) => sizeBytes)),
      spent,
    }
  } finally {
    await observed.close()
  }
}
