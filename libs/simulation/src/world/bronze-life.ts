import type { History, Version } from './history.ts'
import type { Surroundings } from './invocation.ts'
import { writeNoteObject } from './note-object.ts'
import type { Told, Upload, Uploader } from './uploader.ts'

export interface BronzeLifeOptions {
  readonly uploader: Uploader
  readonly history: History
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
/** Unpacking takes real time, so not every world has packed objects. */
const packedWorldChance = 0.3
const plainEndings = ['jsonl', 'jsonl', 'json', 'jsonl']
const mixedEndings = ['jsonl.gz', 'jsonl', 'json.gz', 'json']
const promptMaxMs = 3 * minuteMs
const lateMaxMs = 30 * minuteMs
/** What is put together arrives together, so that one invocation has many objects. */
const burstyWorldChance = 0.5
const burstMs = 5_000
const unroutedChance = 0.04
const unreadableChance = 0.03
const versionDeleteChance = 0.5
const repeatedReloadChance = 0.3

/** Plans the life of a bucket: objects put, written over, deleted, put back; each told once or more, late, or not at all. */
export const startBronzeLife = (around: Surroundings, options: BronzeLifeOptions): void => {
  const { scheduler, random } = around
  const stored: Upload[] = []
  const isBursty = random.chance(burstyWorldChance)
  const isPacked = random.chance(packedWorldChance)
  const { put, remove } = createHabits(around, options, isBursty ? burstMs : promptMaxMs)
  options.uploader.setState(random.pick(['unversioned', 'versioned', 'suspended']))

  const create = (n: number, round: string): void => {
    const drawn = drawObject(around, isPacked ? mixedEndings : plainEndings, n, round)
    // One key and the same bytes are one identity, whatever its headers: what is true of one must be true of the other.
    const object = stored.find((known) => isSameUpload(known, drawn)) ?? drawn
    stored.push(object)
    put(object)
  }
  const withSome = (work: (object: Upload) => void) => (): void => {
    if (stored.length > 0) work(random.pick(stored))
  }
  const askAgain = (): void => {
    const known = options.history.all().filter(({ isTold, isMessage }) => isTold && !isMessage)
    if (known.length === 0) return
    const version = random.pick(known)
    version.generation += 1
    options.reload(version)
    if (random.chance(repeatedReloadChance))
      scheduler.after(random.below(lateMaxMs), () => options.reload(version))
  }

  /** Once switched on, versioning can only be suspended. */
  const switchVersioning = (): void =>
    options.uploader.setState(options.uploader.state() === 'versioned' ? 'suspended' : 'versioned')

  const objects = objectsMin + random.below(objectsSpread)
  const { overwrite, remove: removal, reupload, reload, bucketChange } = around.troubles()
  const span = options.lastsMs
  const beginSpreadMs = isBursty ? burstMs : span / 3
  const beginnings = isBursty ? [0, random.below(span / 3), random.below(span / 3)] : [0]
  for (let n = 0; n < objects; n += 1) {
    scheduler.after(random.pick(beginnings) + random.below(beginSpreadMs), () => create(n, 'a'))
    if (random.chance(overwrite)) scheduler.after(random.below(span), () => create(n, 'b'))
    if (random.chance(removal)) scheduler.after(random.below(span), withSome(remove))
    if (random.chance(reload)) scheduler.after(random.below(span), askAgain)
    if (random.chance(reupload)) scheduler.after(random.below(span), withSome(put))
    if (random.chance(bucketChange)) scheduler.after(random.below(span), switchVersioning)
  }
}

const isSameUpload = (a: Upload, b: Upload): boolean =>
  a.key === b.key && Buffer.compare(a.bytes, b.bytes) === 0

const drawObject = (
  { random, troubles }: Surroundings,
  endings: readonly string[],
  n: number,
  round: string,
): Upload => {
  const isRouted = !random.chance(unroutedChance)
  // By number, so that a second round overwrites the first.
  const ending = endings[n % endings.length] as string
  const key = `${isRouted ? 'notes' : 'other'}/${n % keysCount} ø+.${ending}`
  const bytes = writeNoteObject(random, key, `n${n}${round}`)
  const isGzip = bytes[0] === 0x1f && random.chance(0.3)
  const isUnreadable = random.chance(unreadableChance)
  return {
    ...{ key, bytes },
    contentEncoding: isUnreadable ? 'br' : isGzip ? 'gzip' : undefined,
    isPoison: random.chance(troubles().poison),
  }
}

/** What people do to the bucket, and how news of it spreads. */
const createHabits = (
  around: Surroundings,
  { uploader, history, ...options }: BronzeLifeOptions,
  newsMs: number,
) => {
  const { scheduler, random } = around
  const put = (object: Upload): void => {
    const { version, told } = uploader.put(object)
    const { duplicateArrival, lostArrival } = around.troubles()
    // Put back after it was found gone, it is news again.
    version.isTold = !random.chance(lostArrival)
    if (!version.isTold) return
    const times = random.chance(duplicateArrival) ? 2 + random.below(2) : 1
    for (let n = 0; n < times; n += 1)
      scheduler.after(random.below(newsMs) + (n > 0 ? random.below(lateMaxMs) : 0), () =>
        options.tell(told),
      )
  }
  const remove = ({ key }: Upload): void => {
    const versions = history.all().filter(({ object }) => object.key === key)
    if (uploader.state() === 'versioned' && random.chance(versionDeleteChance))
      uploader.removeVersion(key, random.pick(versions).object.version)
    else uploader.remove(key)
  }
  return { put, remove }
}
