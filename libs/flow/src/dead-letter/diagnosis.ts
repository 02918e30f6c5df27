import {
  type Batch,
  type Claim,
  type DeadLetter,
  describeRoutes,
  identify,
  isFault,
  isMessage,
  objectOfMessage,
  type ObjectRef,
  objectUri,
  readObjectsMessage,
  routeOf,
  sourceIdOf,
  type Source,
} from '@silversmith/core'
import type { Arrival } from '../ingest/ingest.ts'
import { type CopyDeps, sourceOfCopy } from '../replay/source-of-copy.ts'
import { openSource } from '../transform/source-opening.ts'
import { readArrivalsText } from '../ingest/arrivals.ts'
import { triesMax } from '../transform/batch-run.ts'
import { describeFailure } from '../failure.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { judge } from '../claims/claims.ts'
import { letterReasons, type LetterReason } from './letter-reason.ts'
import { createLookUp, type LookUp, type LookUpDeps } from './look-up.ts'

export interface DiagnosisDeps extends LookUpDeps, CopyDeps {}

/** What it takes to tell of a source that is known. */
export type SourceDiagnosisDeps = Omit<DiagnosisDeps, 'replay'>

/** Why a message lies in a dead-letter queue, as far as can be told by what is there now. */
export interface Diagnosis {
  readonly reason: LetterReason
  /** The object or batch it is about; undefined: it names none. */
  readonly about: string | undefined
  readonly detail: string
  readonly harmless: boolean
  /** A redrive now comes to nothing. */
  readonly pointless?: true
  readonly advice: string
}

/** Begins the names of queues whose messages are data: `messages/<queue>`. */
export const messagesQueuePrefix = 'messages/'

const lettersAtOnceMax = 8
/** Objects of one event that are looked at. */
const arrivalsMax = 20

/**
 * Says of each letter what became of what it asks for. Only reads; what cannot be found out is reason `unknown`, with the
 * fault, and costs no other letter its answer.
 */
export const diagnose = (
  deps: DiagnosisDeps,
  letters: readonly DeadLetter[],
  call: Call,
): Promise<readonly Diagnosis[]> => {
  const lookUp = createLookUp(deps)
  return mapConcurrently(letters, lettersAtOnceMax, async (letter) => {
    const found = await diagnoseOne(deps, lookUp, letter, call).catch((error: unknown): Found => {
      if (call.signal.aborted) throw error
      const { code, message } = describeFailure(error)
      return { reason: 'unknown', about: undefined, detail: `${code}: ${message}` }
    })
    return { ...found, ...letterReasons[found.reason] }
  })
}

type Found = Pick<Diagnosis, 'reason' | 'about' | 'detail'>

const diagnoseOne = (
  deps: DiagnosisDeps,
  lookUp: LookUp,
  { queue, body, identity }: DeadLetter,
  call: Call,
): Promise<Found> => {
  if (queue === 'arrivals') return diagnoseEvent(deps, lookUp, body, call)
  if (queue.startsWith(messagesQueuePrefix)) {
    const object = objectOfMessage(identity)
    const id = sourceIdOf(deps.pipeline, object)
    return diagnoseSource(deps, lookUp, { id, object, dataset: undefined, generation: 0 }, call)
  }
  const message = readObjectsMessage(deps.pipeline, body)
  if (!message) return Promise.resolve(describeStranger(deps.pipeline, body))
  if (message.kind === 'probe') return Promise.resolve(describeProbe(message.target))
  return message.kind === 'batch'
    ? diagnoseBatch(lookUp, message.batch, call)
    : diagnoseSource(deps, lookUp, message.source, call)
}

const describeProbe = (target: string): Found => ({
  reason: 'nothing-to-load',
  about: undefined,
  detail: `it asks whether ${target} takes rows again; the sweep has asked since`,
})

const describeStranger = (pipeline: string, body: string): Found => {
  const other = /"pipeline":"([^"\\]{1,100})"/.exec(body)?.[1]
  if (other !== undefined && readObjectsMessage(other, body))
    return {
      reason: 'other-pipeline',
      about: undefined,
      detail: `it is of pipeline ${other}, this one is ${pipeline}`,
    }
  const isEvent = readArrivalsText(body).arrivals.length > 0
  return {
    reason: 'unreadable',
    about: undefined,
    detail: isEvent
      ? 'it is an event of S3, which belongs on the arrivals queue'
      : `its body (${Buffer.byteLength(body)} bytes) is no objects message`,
  }
}

const describeBatch = ({ id, problems = {}, failures }: Batch): string => {
  const told = Object.entries(problems).map(([target, problem]) => `${target}: ${problem}`)
  if (told.length > 0) return `batch ${id} fails with ${told.join('; ')}`
  return `batch ${id} is sealed and not yet applied${failures ? ` after ${failures} tries` : ''}`
}

const diagnoseBatch = async (lookUp: LookUp, id: string, call: Call): Promise<Found> => {
  const about = `batch ${id}`
  const batch = await lookUp.batch(id, call)
  if (!batch) return { reason: 'claim-without-batch', about, detail: `the ledger has no ${about}` }
  switch (batch.item.state) {
    case 'C':
      return { reason: 'already-applied', about, detail: `${about} is committed` }
    case 'A':
      return { reason: 'batch-aborted', about, detail: `${about} came to nothing before its seal` }
    case 'F':
      return { reason: 'in-work', about, detail: `${about} is not sealed yet` }
    case 'S':
      return { reason: 'batch-waits', about, detail: describeBatch(batch.item) }
  }
}

/** What became of a source, by what is there now. Throws what the ledger, the store and bronze throw. */
export const diagnoseSource = async (
  deps: SourceDiagnosisDeps,
  lookUp: LookUp,
  source: Source,
  call: Call,
): Promise<Found> => {
  const about = objectUri(source.object)
  const claim = await lookUp.claim(source.id, call)
  if (!claim) return diagnoseUnclaimed(deps, source, call)
  const batch = await lookUp.batch(claim.item.batch, call)
  if (!batch)
    return {
      reason: 'claim-without-batch',
      about,
      detail: `its claim names batch ${claim.item.batch}, which the ledger lacks`,
    }
  const { state, manifest, leaseUntil, id } = batch.item
  if (!manifest) {
    if (state === 'F' && leaseUntil > deps.clock.now())
      return { reason: 'in-work', about, detail: `batch ${id} is at it` }
    return describeEnded(about, claim.item, batch.item)
  }
  const listing = await lookUp.listing(manifest, call)
  if (!listing)
    return {
      reason: 'manifest-unreadable',
      about,
      detail: `${manifest.key} of its batch is not there`,
    }
  const listed = listing.get(source.id)
  if (!listed) return diagnoseUnclaimed(deps, source, call)
  if (listed.disposition === 'poison') {
    const detail = `batch ${id} sealed it as poison after ${triesMax} opens that ended the process`
    return { reason: 'poison', about, detail }
  }
  if (source.generation > claim.item.generation) {
    const detail = `generation ${claim.item.generation} is loaded, its reload as ${source.generation} was not begun`
    return { reason: 'never-begun', about, detail }
  }
  if (judge({ source, claim, batch }, listed, deps.clock.now()).kind === 'free') {
    const why = listed.reason === undefined ? '' : `: ${listed.reason}`
    return {
      reason: 'set-aside',
      about,
      detail: `batch ${id} sealed it as ${listed.disposition}${why}`,
    }
  }
  if (state === 'S') return { reason: 'batch-waits', about, detail: describeBatch(batch.item) }
  const { rows, rejected } = listed
  return {
    reason: 'already-loaded',
    about,
    detail: `${rows} rows, ${rejected} rejected, in batch ${id}`,
  }
}

const describeEnded = (about: string, { tries }: Claim, { id, end }: Batch): Found =>
  end === 'failed'
    ? { reason: 'batch-failed', about, detail: `batch ${id}, the last with it, failed and said so` }
    : {
        reason: 'suspected',
        about,
        detail: `batch ${id}, the last with it, ended in silence; opened by itself ${tries} of ${triesMax} times`,
      }

const diagnoseUnclaimed = async (
  deps: SourceDiagnosisDeps,
  source: Source,
  call: Call,
): Promise<Found> => {
  const { object } = source
  const about = objectUri(object)
  if (isMessage(object)) return { reason: 'never-begun', about, detail: 'no batch has it' }
  if (!(await isThere(deps, source, call)))
    return {
      reason: 'object-gone',
      about,
      detail: 'it was deleted or replaced before it was loaded',
    }
  const dataset = routeOf(deps.routes, object.key)
  return dataset === undefined
    ? {
        reason: 'unrouted',
        about,
        detail: `no route accepts its key: ${describeRoutes(deps.routes)}`,
      }
    : { reason: 'never-begun', about, detail: `no batch has it; its dataset is ${dataset}` }
}

const isThere = async (
  { bronze, clock }: SourceDiagnosisDeps,
  source: Source,
  call: Call,
): Promise<boolean> => {
  try {
    const { body } = await persist(clock, call, () => openSource(bronze, source, call.signal))
    await body[Symbol.asyncIterator]().return?.()
    return true
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE')) return false
    throw error
  }
}

const diagnoseEvent = async (
  deps: DiagnosisDeps,
  lookUp: LookUp,
  body: string,
  call: Call,
): Promise<Found> => {
  const { arrivals, ignored, unknown } = readArrivalsText(body)
  if (unknown[0] !== undefined)
    return { reason: 'unreadable', about: undefined, detail: unknown[0] }
  const found: Found[] = []
  for (const arrival of arrivals.slice(0, arrivalsMax))
    found.push(await diagnoseArrival(deps, lookUp, arrival, call))
  // What needs a person is what the letter is about; first of all what a redrive may help.
  const open = found.filter(({ reason }) => !letterReasons[reason].harmless)
  const told =
    open.find(({ reason }) => !('pointless' in letterReasons[reason])) ?? open[0] ?? found[0]
  if (!told) {
    const detail = `it names nothing to load: ${[...new Set(ignored)].join(', ')}`
    return { reason: 'nothing-to-load', about: undefined, detail }
  }
  const others = arrivals.length - 1
  return others === 0 ? told : { ...told, detail: `${told.detail}; and ${others} more objects` }
}

const diagnoseArrival = async (
  deps: DiagnosisDeps,
  lookUp: LookUp,
  { facts }: Arrival,
  call: Call,
): Promise<Found> => {
  const about = objectUri(facts)
  if (deps.buckets && !deps.buckets.includes(facts.bucket))
    return { reason: 'other-bucket', about, detail: `ingest takes from ${deps.buckets.join(', ')}` }
  const object = identify(facts) ?? (await findCurrent(deps, facts, call))
  if (!object)
    return { reason: 'object-gone', about, detail: 'there is no such object, or no longer' }
  if (object.key.startsWith(deps.replay.prefix)) return diagnoseCopy(deps, lookUp, object, call)
  const source = {
    ...{ id: sourceIdOf(deps.pipeline, object), object, generation: 0 },
    dataset: routeOf(deps.routes, object.key),
  }
  return diagnoseSource(deps, lookUp, source, call)
}

const diagnoseCopy = async (
  deps: DiagnosisDeps,
  lookUp: LookUp,
  copy: ObjectRef,
  call: Call,
): Promise<Found> => {
  const about = objectUri(copy)
  try {
    const source = await persist(deps.clock, call, () => sourceOfCopy(deps, copy, call.signal))
    return await diagnoseSource(deps, lookUp, source, call)
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE'))
      return { reason: 'object-gone', about, detail: 'the copy is not there any more' }
    if (!isFault(error, 'EVENT_UNKNOWN')) throw error
    return { reason: 'unreadable', about, detail: error.message }
  }
}

const findCurrent = async (
  { bronze, clock }: DiagnosisDeps,
  { bucket, key }: Pick<ObjectRef, 'bucket' | 'key'>,
  call: Call,
): Promise<ObjectRef | undefined> => {
  try {
    return await persist(clock, call, () => bronze.head(bucket, key, call.signal))
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE')) return undefined
    throw error
  }
}
