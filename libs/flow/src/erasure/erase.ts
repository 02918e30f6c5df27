import {
  columnsOf,
  type Dataset,
  type ErasedRecord,
  type ErasedRow,
  type Eraser,
  Fault,
  type Match,
  type Table,
} from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import { closeJob, type ErasureJob, listJobs, openJob, readJob } from './erasure-job.ts'
import { keepErasure } from './erasure-record.ts'
import { finishReplacements } from './file-replacement.ts'
import { eraseRejected, findRejected, type QuarantineEraserDeps } from './quarantine-eraser.ts'
import { clearStaging, purgeStaged, readStaged } from './staging-eraser.ts'

export interface EraseDeps extends QuarantineEraserDeps {
  readonly datasets: readonly Dataset[]
  /** Of every target, and of the refused chunks in quarantine. */
  readonly erasers: readonly Eraser[]
}

export interface EraseRequest {
  readonly dataset: string
  readonly match: Match
  /** What a rejected record would hold, for it has no columns. */
  readonly texts: readonly string[]
}

export interface EraseOptions {
  /** Says what would be erased and changes nothing. */
  readonly dryRun?: boolean
  /** Records erased at most; what there is more is left to the next run. 200 000 when absent. */
  readonly recordsMax?: number
}

/**
 * - `refused`: nothing was done, `reason` says why.
 * - `planned`: dry run.
 * - `nothing`: no store holds such a record.
 * - `erased`: none holds one any more.
 * - `more`: there are more than are erased at a time, or some came meanwhile, or may: run the same again.
 */
export type EraseOutcome = 'refused' | 'planned' | 'nothing' | 'erased' | 'more'

export interface EraseResult {
  readonly outcome: EraseOutcome
  readonly reason?: string
  /** Erasures that were begun before and are finished now; in a dry run: that would be. */
  readonly finished: number
  /** Those asked for now, whose owner may want to take them out of bronze, too. */
  readonly records: readonly ErasedRecord[]
  readonly rows: readonly {
    readonly eraser: string
    readonly table: string
    readonly rows: number
  }[]
  /** Records in quarantine. */
  readonly rejected: number
  /** Records in quarantine that were too large to be kept whole and show nothing of what was asked for. */
  readonly cut: number
  /** What holds copies that are out of reach. */
  readonly copies: readonly string[]
}

const none: EraseResult = {
  ...{ outcome: 'nothing', finished: 0, records: [], rows: [], rejected: 0, cut: 0, copies: [] },
}

export const erasedRecordsMax = 200_000

/**
 * Erases all records of a dataset that have a row for which `match` holds, and rejected ones that hold one of the texts: every
 * row of theirs in every table of the dataset, of every generation. Without a request it only finishes what was begun. What is to
 * be erased is written down first, so that it may be killed anywhere and run again. Nothing may be loaded meanwhile.
 *
 * Throws SETTINGS_INVALID for a request that cannot be, and faults of the ports.
 */
export const eraseRecords = async (
  deps: EraseDeps,
  request: EraseRequest | undefined,
  call: Call,
  { dryRun = false, recordsMax = erasedRecordsMax }: EraseOptions = {},
): Promise<EraseResult> => {
  const tables = request && tablesOf(deps, request)
  const reason = await findObstacle(deps, call)
  if (reason !== undefined) return { ...none, outcome: 'refused', reason }
  const jobs = await listJobs(deps, call)
  const finished = jobs.length
  if (!dryRun) {
    await clearStaging(deps, call)
    for (const key of jobs) await carryOut(deps, key, await readJob(deps, key, call), call)
  }
  if (!request || !tables) {
    if (finished === 0 || dryRun)
      return { ...none, finished, outcome: finished === 0 ? 'nothing' : 'planned' }
    return { ...none, finished, ...(await judgeEnd(deps, call)) }
  }
  const found = await find(deps, request, tables, recordsMax, call)
  const copies = await findCopies(deps, request.dataset, call)
  const { records, rejected, cut } = found
  const result = { ...none, finished, records, rejected, cut, copies }
  if (records.length === 0) return result
  const job = { dataset: request.dataset, records }
  if (dryRun) {
    const rows = countRows(await locate(deps, job, call))
    return { ...result, outcome: 'planned', rows }
  }
  const done = await carryOut(deps, await openJob(deps, job, call), job, call)
  const left = await find(deps, request, tables, 1, call)
  if (left.records.length > 0) return { ...result, ...done, outcome: 'more' }
  return { ...result, ...done, ...(await judgeEnd(deps, call)) }
}

/** A batch that was opened meanwhile may have read its objects before it was written down what is erased. */
const judgeEnd = async (
  deps: EraseDeps,
  call: Call,
): Promise<Pick<EraseResult, 'outcome' | 'reason'>> => {
  const reason = await findObstacle(deps, call)
  return reason === undefined ? { outcome: 'erased' } : { outcome: 'more', reason }
}

const datasetOf = ({ datasets }: EraseDeps, name: string): Dataset => {
  const dataset = datasets.find((one) => one.name === name)
  if (dataset) return dataset
  const known = datasets.map((one) => one.name).join(', ')
  throw new Fault('SETTINGS_INVALID', `there is no dataset ${name}; there are ${known}`)
}

/** Types whose values are texts, or print as one in the same way everywhere. */
const matched: ReadonlySet<unknown> = new Set([
  'text',
  'category',
  'uuid',
  'uint32',
  'uint64',
  'int64',
])

/** Tables with that column. */
const tablesOf = (deps: EraseDeps, { dataset, match, texts }: EraseRequest): readonly Table[] => {
  const { tables } = datasetOf(deps, dataset)
  if (match.value === '' || texts.includes(''))
    throw new Fault('SETTINGS_INVALID', 'an empty text would be everybody')
  const having = tables.filter((table) =>
    columnsOf(table).some(({ name, type }) => name === match.column && matched.has(type)),
  )
  if (having.length > 0) return having
  const names = tables.flatMap((table) =>
    columnsOf(table).flatMap(({ name, type }) => (matched.has(type) ? [name] : [])),
  )
  throw new Fault(
    'SETTINGS_INVALID',
    `no table of ${dataset} has a column ${match.column} to go by; there are ${[...new Set(names)].join(', ')}`,
  )
}

/** Work that would bring rows after they were looked for; undefined: there is none. */
const findObstacle = async (deps: EraseDeps, call: Call): Promise<string | undefined> => {
  const { clock, ledger, pipeline } = deps
  const open = new Set(
    await persist(clock, call, () =>
      ledger.listOpen(pipeline, Number.MAX_SAFE_INTEGER, openMax, call.signal),
    ),
  )
  // The index of open batches may lag behind; what was staged does not.
  const unknown = new Set<string>()
  for (const [id, state] of await readStaged(deps, call))
    if (state === undefined) unknown.add(id)
    else if (state === 'F' || state === 'S') open.add(id)
  if (open.size > 0)
    return `batches are open (${[...open].slice(0, 3).join(', ')}): they hold records that are not applied yet. silversmith pause --yes ends when there are none; then run it again`
  if (unknown.size > 0)
    return `the ledger does not know batches that are staged (${[...unknown].slice(0, 3).join(', ')}): silversmith ledger rebuild first, and silversmith batch free for what it does not find`
  return undefined
}

const openMax = 10

interface Found {
  readonly records: readonly ErasedRecord[]
  readonly rejected: number
  readonly cut: number
}

const find = async (
  deps: EraseDeps,
  { dataset, match, texts }: EraseRequest,
  tables: readonly Table[],
  limit: number,
  call: Call,
): Promise<Found> => {
  const found = new Map<string, ErasedRecord>()
  const take = (records: readonly ErasedRecord[]): void => {
    for (const record of records) if (found.size < limit) found.set(nameOf(record), record)
  }
  for (const eraser of deps.erasers)
    for (const { name } of tables)
      take(await persist(deps.clock, call, () => eraser.find(name, match, limit, call.signal)))
  const rejected = await findRejected(deps, { dataset, texts }, limit, call)
  take(rejected.records)
  return { records: [...found.values()], rejected: rejected.records.length, cut: rejected.cut }
}

const nameOf = ({ source, version, record }: Omit<ErasedRecord, 'line'>): string =>
  `${source}\n${version}\n${record}`

interface Located {
  readonly eraser: Eraser
  readonly table: string
  readonly rows: readonly ErasedRow[]
}

const locate = async (
  deps: EraseDeps,
  { dataset, records }: ErasureJob,
  call: Call,
): Promise<readonly Located[]> => {
  const located: Located[] = []
  for (const eraser of deps.erasers)
    for (const { name: table } of datasetOf(deps, dataset).tables) {
      const work = () => eraser.locate(table, records, call.signal)
      located.push({ eraser, table, rows: await persist(deps.clock, call, work) })
    }
  return located
}

const countRows = (located: readonly Located[]): EraseResult['rows'] =>
  located
    .filter(({ rows }) => rows.length > 0)
    .map(({ eraser, table, rows }) => ({ eraser: eraser.name, table, rows: rows.length }))

const findCopies = async (
  deps: EraseDeps,
  dataset: string,
  call: Call,
): Promise<readonly string[]> => {
  const copies = new Set<string>()
  for (const eraser of deps.erasers)
    for (const { name } of datasetOf(deps, dataset).tables)
      for (const copy of await persist(deps.clock, call, () => eraser.copiesOf(name, call.signal)))
        copies.add(copy)
  return [...copies]
}

/** May be done again at any time, by anybody: what is gone already is not missed. */
const carryOut = async (
  deps: EraseDeps,
  key: string,
  job: ErasureJob,
  call: Call,
): Promise<Pick<EraseResult, 'rows' | 'rejected'>> => {
  // A file of which only the new content is there counts as it will be.
  await finishReplacements(deps, call)
  const located = await locate(deps, job, call)
  const all = located.flatMap(({ rows }) => rows)
  await keepErasure(deps, job.records, all, call)
  // First, for who goes on after a death finds the rows no more, and with them their batches.
  await purgeStaged(deps, new Set(all.map(({ chunk }) => chunk.replace(/#\d+$/, ''))), call)
  for (const { eraser, table, rows } of located)
    if (rows.length > 0)
      await persist(deps.clock, call, () => eraser.erase(table, rows, call.signal))
  const names = new Set(job.records.map(nameOf))
  const isErased = (record: Omit<ErasedRecord, 'line'>): boolean => names.has(nameOf(record))
  const rejected = await eraseRejected(deps, job.dataset, isErased, call)
  await closeJob(deps, key, call)
  return { rows: countRows(located), rejected }
}
