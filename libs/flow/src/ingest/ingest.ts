import {
  type Bronze,
  Fault,
  identify,
  type ObjectFacts,
  type ObjectRef,
  objectUri,
  type Queue,
  writeObjectsMessage,
} from '@silversmith/core'
import { type CopyDeps, sourceOfCopy, sourceOfObject } from '../replay/source-of-copy.ts'

/** An object said to have been created. */
export interface Arrival {
  readonly facts: ObjectFacts
  /** Absent where the route does not tell. */
  readonly sizeBytes?: number | undefined
  /** S3's order of writes to one key; absent where a person or a tool asks for the object by name. */
  readonly sequencer?: string | undefined
}

/** One write of one object. Without the sequencer a re-upload of equal bytes would pass for a repetition. */
export interface SendKey {
  readonly pipeline: string
  readonly bucket: string
  readonly key: string
  readonly version: string
  readonly sequencer: string
}

/**
 * Runs `send` unless it ran to its end for this key a short while ago. Saves work only: the claims of transform decide. MUST
 * throw, not return, while another run of the same key is under way.
 */
export type SendOnce = (key: SendKey, send: () => Promise<void>) => Promise<void>

export interface IngestDeps extends CopyDeps {
  readonly bronze: Pick<Bronze, 'head'>
  readonly queue: Queue
  readonly sendOnce: SendOnce
}

/** `sent`: on the queue. `repeated`: it was before. `folder`: an empty key ending in `/`, no data. */
export interface Ingested {
  readonly outcome: 'sent' | 'repeated' | 'folder'
  /** Of a copy the object it is of. */
  readonly object: ObjectRef
  /** Undefined: no route accepts the key; transform seals it as `unrouted`. */
  readonly dataset: string | undefined
}

export type Ingest = (arrival: Arrival, signal: AbortSignal) => Promise<Ingested>

/**
 * Arrival → facts → identity → route → queue, for one object. Asks S3 for the version only where the route does not know it, and
 * for the mark of a copy.
 *
 * @throws Fault OBJECT_GONE when an object asked for by name, or a copy, is not there: a name may be misspelled, so it is the
 * sender's to know, by the dead-letter queue or the raised error; dropping it would hide it. EVENT_UNKNOWN for an object of
 * another bucket, and for what lies among copies and is none. Faults of the ports otherwise.
 */
export const createIngest =
  (deps: IngestDeps): Ingest =>
  async (arrival, signal) => {
    const { facts, sequencer } = arrival
    if (deps.buckets && !deps.buckets.includes(facts.bucket))
      throw new Fault(
        'EVENT_UNKNOWN',
        `${objectUri(facts)} is not of ${deps.buckets.join(', ')}: add its bucket to BRONZE_BUCKET or stop its notifications`,
      )
    const known = identify(facts)
    const { sizeBytes = arrival.sizeBytes, ...arrived } = known
      ? { ...known, sizeBytes: undefined }
      : await deps.bronze.head(facts.bucket, facts.key, signal)
    const isFolder = arrived.key.endsWith('/') && sizeBytes === 0
    const isCopy = arrived.key.startsWith(deps.replay.prefix)
    const source =
      isCopy && !isFolder
        ? await sourceOfCopy(deps, arrived, signal)
        : sourceOfObject(deps, arrived)
    const { object, dataset } = source
    if (isFolder) return { outcome: 'folder', object, dataset }

    let sent = false
    const send = async (): Promise<void> => {
      // The sequencer of a copy tells when it was written, and not when its origin was.
      const whole = { ...source, ...(sequencer && !isCopy && { sequencer }) }
      await deps.queue.send(writeObjectsMessage(deps.pipeline, { kind: 'source', source: whole }))
      sent = true
    }
    if (sequencer === undefined) await send()
    else {
      const { bucket, key, version } = arrived
      await deps.sendOnce({ pipeline: deps.pipeline, bucket, key, version, sequencer }, send)
    }
    return { outcome: sent ? 'sent' : 'repeated', object, dataset }
  }
