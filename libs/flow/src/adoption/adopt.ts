import {
  type Bronze,
  type Contracts,
  type Dataset,
  type HeldObject,
  isFault,
  type Limits,
  type ListedObject,
  type ManifestSource,
  objectUri,
  type Predecessor,
  type Route,
  routeOf,
  type Source,
  sourceIdOf,
} from '@silversmith/core'
import { pinTargets } from '../claims/pipeline-pin.ts'
import { type Judged, judgeSources } from '../claims/standing.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { createGate } from '../reading/gate.ts'
import { createDryLedger } from '../repair/dry-ledger.ts'
import { type BatchDeps, type Fill, fillBatch } from '../transform/batch-run.ts'
import { type KeyStretch, listStretches } from './key-stretch.ts'
import { readLastRecord } from './last-record.ts'

export interface AdoptDeps extends BatchDeps {
  readonly bronze: Pick<Bronze, 'list' | 'open'>
  readonly routes: readonly Route[]
  readonly datasets: readonly Dataset[]
  readonly contracts: Contracts
  readonly limits: Limits
  readonly predecessor: Predecessor
}

export interface AdoptRequest {
  readonly bucket: string
  /** Of the keys looked at; `''`: all. */
  readonly prefix: string
  /** Says what would be adopted and changes nothing. */
  readonly dryRun?: boolean
  /** Takes an object for whole when the table has all its lines up to the last it has any of, and does not read it. */
  readonly trustTable?: boolean
  /** Versions and objects of the table that are held at a time; 50 000 when absent. */
  readonly stretchMax?: number
}

/** Object versions in bronze that the table has rows of; only `gone` counts what bronze no longer has. */
export interface AdoptCounts {
  /** Claimed for a batch that lists them as adopted; in a dry run: that would be. */
  readonly adopted: number
  /** Adopted by an earlier run. */
  readonly known: number
  /** A batch of the pipeline itself has dealt with them. */
  readonly loaded: number
  /** Lines are missing in the table, or nobody can tell: left to the pipeline, which loads the whole object. */
  readonly incomplete: number
  /** Objects of the table of which bronze has no version with those bytes any more. */
  readonly gone: number
  /** A batch is at them, or was faster: to be looked at again. */
  readonly busy: number
  /** Claimed for a batch that the ledger does not have. */
  readonly unclear: number
}

export type AdoptCount = keyof AdoptCounts

/** An object that a person may want to look at. */
export interface AdoptFinding {
  readonly kind: Exclude<AdoptCount, 'adopted' | 'known'>
  /** `s3://bucket/key` */
  readonly url: string
  readonly etag: string
  readonly lines: number
  readonly lastLine: number
  /** Of an object that was read: why it is not adopted. */
  readonly why?: string
}

export interface AdoptSum {
  readonly counts: AdoptCounts
  /** At most `adoptFindingsMax` of each kind. */
  readonly findings: readonly AdoptFinding[]
}

export const adoptFindingsMax = 100

const stretchMaxDefault = 50_000
/** For the claims of one batch; who waits for a batch that died with its process waits as long. */
const batchMs = 120_000

interface Candidate {
  readonly listed: ListedObject
  readonly held: HeldObject
}

interface Tally {
  readonly counts: Record<AdoptCount, number>
  readonly findings: AdoptFinding[]
}

/**
 * Claims objects whose rows another system put into a table before: from then on they are done, and a reconcile that sends what
 * was never loaded leaves them out. What the table holds is compared with what bronze holds by key and etag; an object of which it
 * lacks a line is not adopted.
 *
 * An adopted object is a source of a batch like any other, with a manifest and without chunks: F → claims → manifest → S → C. So
 * it excludes whoever loads the same object meanwhile by the same compare-and-set, may be killed anywhere and run again at any
 * time, and is there again after a rebuild of the ledger.
 *
 * Yields the sum so far after each batch. Memory is that of two stretches and of `concurrencyMax` objects being read, whatever
 * their number and size.
 *
 * Throws PIPELINE_CHANGED, SETTINGS_INVALID for a bucket that lists in no order, and faults of the ports.
 */
export const adoptObjects = async function* (
  deps: AdoptDeps,
  request: AdoptRequest,
  call: Call,
): AsyncGenerator<AdoptSum> {
  const { dryRun = false, trustTable = false, stretchMax = stretchMaxDefault } = request
  const own = dryRun ? { ...deps, ledger: createDryLedger(deps.ledger) } : deps
  const names = deps.targets.map(({ name }) => name)
  await pinTargets(own, deps.pipeline, names, call)
  const tally: Tally = {
    counts: { ...{ adopted: 0, known: 0, loaded: 0, incomplete: 0, gone: 0 }, busy: 0, unclear: 0 },
    findings: [],
  }
  for await (const stretch of listStretches(deps, request, stretchMax, call)) {
    for await (const candidates of match(deps, stretch, stretchMax, tally, call))
      for (let at = 0; at < candidates.length; at += deps.limits.batchSourcesMax) {
        const next = candidates.slice(at, at + deps.limits.batchSourcesMax)
        await adopt(deps, next, { dryRun, trustTable, tally }, call)
        yield sumOf(tally)
      }
    yield sumOf(tally)
  }
}

const sumOf = ({ counts, findings }: Tally): AdoptSum => ({
  counts: { ...counts },
  findings: [...findings],
})

const nameOf = (key: string, etag: string): string => `${etag}\n${key}`

/** What of the table is whole and in bronze, as many at a time as it is asked for. */
const match = async function* (
  { predecessor, clock }: AdoptDeps,
  { objects, range }: KeyStretch,
  heldMax: number,
  tally: Tally,
  call: Call,
): AsyncGenerator<readonly Candidate[]> {
  const versions = Map.groupBy(objects, ({ object, etag }) => nameOf(object.key, etag))
  let from: HeldObject | undefined
  for (;;) {
    const place = from
    const found = await persist(clock, call, () =>
      predecessor.list(range, place, heldMax, call.signal),
    )
    const whole: Candidate[] = []
    for (const held of found) {
      const same = versions.get(nameOf(held.key, held.etag)) ?? []
      const isWhole = held.lines > 0 && held.lines === held.lastLine
      if (same.length === 0) tell(tally, 'gone', range.bucket, held)
      for (const listed of same)
        if (isWhole) whole.push({ listed, held })
        else tell(tally, 'incomplete', range.bucket, held)
    }
    yield whole
    if (found.length < heldMax) return
    from = found.at(-1)
  }
}

const tell = (
  { counts, findings }: Tally,
  kind: AdoptFinding['kind'],
  bucket: string,
  { key, etag, lines, lastLine }: HeldObject,
  why?: string,
): void => {
  counts[kind] += 1
  if (counts[kind] > adoptFindingsMax) return
  const url = objectUri({ bucket, key })
  findings.push({ kind, url, etag, lines, lastLine, ...(why !== undefined && { why }) })
}

interface AdoptWay {
  readonly dryRun: boolean
  readonly trustTable: boolean
  readonly tally: Tally
}

const adopt = async (
  deps: AdoptDeps,
  candidates: readonly Candidate[],
  { dryRun, trustTable, tally }: AdoptWay,
  whole: Call,
): Promise<void> => {
  const known = new Map(
    candidates.map((one) => [sourceIdOf(deps.pipeline, one.listed.object), one]),
  )
  const sources = [...known].map(([id, { listed }]): Source => ({
    ...{ id, object: listed.object, generation: 0 },
    dataset: routeOf(deps.routes, listed.object.key),
  }))
  // Looking may abort a batch that died; a dry run does that in memory.
  const ledger = dryRun ? createDryLedger(deps.ledger) : deps.ledger
  const judged = await judgeSources({ ...deps, ledger }, sources, callFrom(deps, whole))
  const free = judged.filter(({ verdict }) => verdict.kind === 'free').map(withHighestGeneration)
  const lacking = trustTable ? new Map<string, Lack>() : await findLacks(deps, free, known, whole)
  const fit = free.filter(({ source }) => !lacking.has(source.id))
  const adopted = new Set<string>(dryRun ? fit.map(({ source }) => source.id) : [])
  if (!dryRun && fit.length > 0) {
    const ack = (id: string): void => void adopted.add(id)
    const fill = fillWith(known, deps.predecessor.name)
    await fillBatch(deps, fit, { ack, mode: 'usual', fill }, callFrom(deps, whole))
  }
  for (const { source, verdict, listed } of judged) {
    const { object } = source
    const lack = lacking.get(source.id)
    const kind = adopted.has(source.id) ? 'adopted' : (lack?.kind ?? countOf(verdict.kind, listed))
    if (kind === 'adopted' || kind === 'known') tally.counts[kind] += 1
    else tell(tally, kind, object.bucket, known.get(source.id)!.held, lack?.why)
  }
}

const callFrom = ({ clock }: AdoptDeps, whole: Call): Call => ({
  ...whole,
  deadline: Math.min(whole.deadline, clock.now() + batchMs),
})

/** Why an object that the table seems to hold whole is not adopted. */
interface Lack {
  readonly kind: 'incomplete' | 'gone'
  readonly why: string
}

/** As transform: large records held at a time, whatever the number of objects that are read. */
const largeRecordsMax = 1

const findLacks = async (
  deps: AdoptDeps,
  free: readonly Judged[],
  known: ReadonlyMap<string, Candidate>,
  call: Call,
): Promise<ReadonlyMap<string, Lack>> => {
  const reading = { ...deps, largeRecords: createGate(largeRecordsMax) }
  const lackOf = async (source: Source): Promise<Lack | undefined> => {
    const dataset = deps.datasets.find(({ name }) => name === source.dataset)
    if (!dataset)
      return { kind: 'incomplete', why: 'no route takes its key, so its records are not known' }
    try {
      const last = await readLastRecord(reading, source, dataset, call)
      if (last <= known.get(source.id)!.held.lastLine) return undefined
      return { kind: 'incomplete', why: `its line ${last}, without blank ones, is a record, too` }
    } catch (error) {
      if (isFault(error, 'OBJECT_GONE')) return { kind: 'gone', why: error.message }
      if (!isFault(error, 'OBJECT_UNREADABLE', 'OBJECT_TOO_LARGE')) throw error
      return { kind: 'incomplete', why: error.message }
    }
  }
  const lacks = new Map<string, Lack>()
  await mapConcurrently(free, deps.limits.concurrencyMax, async ({ source }) => {
    const lack = await lackOf(source)
    if (lack) lacks.set(source.id, lack)
  })
  return lacks
}

const countOf = (
  verdict: Judged['verdict']['kind'],
  listed: ManifestSource | undefined,
): Exclude<AdoptCount, 'adopted'> => {
  if (verdict === 'done') return listed?.adopted ? 'known' : 'loaded'
  return verdict === 'alarm' ? 'unclear' : 'busy'
}

/** A reload that came to nothing leaves its generation on the claim. */
const withHighestGeneration = (judged: Judged): Judged => {
  const generation = Math.max(judged.source.generation, judged.claim?.item.generation ?? 0)
  return { ...judged, source: { ...judged.source, generation } }
}

const fillWith =
  (known: ReadonlyMap<string, Candidate>, table: string): Fill =>
  async (_, sources) => ({
    ...{ chunks: [], quarantine: [], drift: [], drifted: 0, kinds: {}, cut: [] },
    sources: sources.map(({ id, object, dataset, generation }) => {
      const { listed, held } = known.get(id)!
      return {
        ...{ id, object, generation, ...(dataset !== undefined && { dataset }) },
        ...{ disposition: 'rows', reason: `adopted from ${table}`, adopted: true },
        ...{ sizeBytes: listed.sizeBytes, lastModified: listed.lastModified },
        ...{ records: held.lines, rows: held.lines, rejected: 0, discarded: 0 },
      } as const
    }),
  })
