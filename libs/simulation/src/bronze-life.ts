import type { History, Version } from './history.ts'
import { isHeldNow } from './history.ts'
import type { Surroundings } from './invocation.ts'
import type { BucketState, MemoryBronze } from './memory-bronze.ts'
import { refOf } from './object-ref.ts'
import { writeNoteObject } from './note-object.ts'
import { readReference } from './reference.ts'

/** An arrival as the notification tells it. */
export interface Told {
  readonly bucket: string
  readonly key: string
  readonly etag: string
  readonly versionId: string | null | undefined
  readonly sequencer: string
}

export interface BronzeLifeOptions {
  readonly bronze: MemoryBronze
  readonly history: History
  readonly bucket: string
  readonly state: BucketState
  readonly tell: (told: Told) => void
  /** Somebody asks for the version's highest generation. */
  readonly reload: (version: Version) => void
  /** Objects come, change and go until then, counted from now. */
  readonly lastsMs: number
}

const minuteMs = 60_000
const objectsMin = 3
const objectsSpread = 10
const keysCount = 8

interface Stored {
  readonly key: string
  readonly bytes: Uint8Array
  readonly contentEncoding: string | undefined
  readonly isPoison: boolean
}

/** Plans the life of a bucket: objects put, written over, deleted, put back; each told once or more, late, or not at all. */
export const startBronzeLife = (around: Surroundings, options: BronzeLifeOptions): void => {
  const { scheduler, random } = around
  const { bronze, history, bucket } = options
  const stored: Stored[] = []
  let sequence = 0
  bronze.setBucket(bucket, options.state)

  const tell = (version: Version, told: Told): void => {
    const { duplicateArrival, lostArrival } = around.troubles()
    // Put back after it was found gone, it is news again.
    version.isTold = !random.chance(lostArrival)
    if (!version.isTold) return
    const times = random.chance(duplicateArrival) ? 2 + random.below(2) : 1
    for (let n = 0; n < times; n += 1)
      scheduler.after(random.below(3 * minuteMs) + (n > 0 ? random.below(30 * minuteMs) : 0), () =>
        options.tell(told),
      )
  }
  const put = (object: Stored): void => {
    const { key, bytes, contentEncoding, isPoison } = object
    const facts = bronze.putObject(bucket, key, bytes, contentEncoding ? { contentEncoding } : {})
    scheduler.note(`bronze put ${key} ${facts.versionId ?? ''} ${facts.etag}`)
    const version = history.add({
      object: refOf(facts),
      expected: readReference(bytes, contentEncoding),
      isRouted: key.startsWith('notes/'),
      isPoison,
    })
    sequence += 1
    const sequencer = sequence.toString(16).padStart(16, '0')
    tell(version, { bucket, key, etag: facts.etag, versionId: facts.versionId, sequencer })
  }
  const create = (n: number, round: string): void => {
    const isRouted = !random.chance(0.04)
    const key = `${isRouted ? 'notes' : 'other'}/${n % keysCount} ø+.jsonl`
    const bytes = writeNoteObject(random, `n${n}${round}`)
    // Empty objects all have one etag: what is told of one must be true of all.
    const mayBeOdd = bytes.length > 0
    const object = {
      ...{ key, bytes },
      contentEncoding: mayBeOdd && random.chance(0.03) ? 'br' : undefined,
      isPoison: mayBeOdd && random.chance(around.troubles().poison),
    }
    stored.push(object)
    put(object)
  }
  const remove = (): void => {
    if (stored.length === 0) return
    const { key } = random.pick(stored)
    const versions = history.all().filter(({ object }) => object.key === key)
    if (options.state === 'versioned' && random.chance(0.5)) {
      const { object } = random.pick(versions)
      scheduler.note(`bronze delete ${key} ${object.version}`)
      bronze.deleteVersion(bucket, key, object.version)
    } else {
      scheduler.note(`bronze delete ${key}`)
      bronze.deleteObject(bucket, key)
    }
    history.look()
  }

  const askAgain = (): void => {
    const known = history.all().filter(({ isTold }) => isTold)
    if (known.length === 0) return
    const version = random.pick(known)
    version.generation += 1
    options.reload(version)
    if (random.chance(0.3))
      scheduler.after(random.below(30 * minuteMs), () => options.reload(version))
  }

  const objects = objectsMin + random.below(objectsSpread)
  const { overwrite, remove: removal, reupload, reload } = around.troubles()
  const span = options.lastsMs
  for (let n = 0; n < objects; n += 1) {
    scheduler.after(random.below(span / 3), () => create(n, 'a'))
    if (random.chance(overwrite)) scheduler.after(random.below(span), () => create(n, 'b'))
    if (random.chance(removal)) scheduler.after(random.below(span), remove)
    if (random.chance(reload)) scheduler.after(random.below(span), askAgain)
    if (random.chance(reupload))
      scheduler.after(random.below(span), () => {
        if (stored.length > 0) put(random.pick(stored))
      })
  }
}

/** Versions a listing of the bucket finds now that nobody was told of. */
export const findUntold = (history: History): readonly Version[] =>
  history.all().filter((version) => !version.isTold && isHeldNow(version))
