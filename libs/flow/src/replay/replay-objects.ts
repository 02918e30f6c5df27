import {
  type Bronze,
  Fault,
  isFault,
  type JobStanding,
  type ListedObject,
  objectUri,
  type Replicator,
  routeOf,
  type Source,
  writeObjectsMessage,
} from '@silversmith/core'
import type { BulkDeps } from '../bulk/bulk-room.ts'
import { nextGeneration } from '../bulk/generation.ts'
import { type SliceObject, sourceOf } from '../bulk/slice.ts'
import { isSent, lookUp, standingOfSeen } from '../bulk/walk.ts'
import { describeFailure } from '../failure.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { copyKeyOf } from './copy-key.ts'
import { withoutCopies } from './without-copies.ts'

export interface ObjectReplayDeps extends Pick<
  BulkDeps,
  'pipeline' | 'routes' | 'ledger' | 'store' | 'queue' | 'clock' | 'ids' | 'log'
> {
  readonly bronze: Pick<Bronze, 'list'>
  readonly replicator: Pick<Replicator, 'copy'>
  readonly replayPrefix: string
}

export interface ObjectReplay {
  readonly bucket: string
  /** Not below the replay prefix. */
  readonly prefix: string
  /** Epoch ms by Last-Modified, itself inside. */
  readonly start: number
  /** Epoch ms, itself outside: windows side by side have no object in common and leave none out. */
  readonly end: number
  /** Loads again what is loaded, as a generation of its own. */
  readonly force: boolean
  /** A folder below the replay prefix: copies are made there, and their events do the rest. Undefined: straight to the queue. */
  readonly copiesTo: string | undefined
  /** Most objects handed over. */
  readonly limit?: number | undefined
  readonly objectsPerSecond?: number | undefined
  /** Only counts what would be handed over. */
  readonly dryRun: boolean
}

export interface ReplayFailure {
  readonly url: string
  readonly version: string
  /** Code and message. */
  readonly problem: string
}

export interface ObjectReplaySum {
  /** Versions the listing told of, copies of replays left out. */
  readonly listed: number
  /** Of these inside the window. */
  readonly found: number
  /** Of `found`. */
  readonly standings: Readonly<Partial<Record<JobStanding, number>>>
  /** Of `found`: copied, or confirmed by the queue; in a dry run what would be. */
  readonly sent: number
  /** Of `sent`. */
  readonly bytes: number
  /** Of `found`: their copies were there before. */
  readonly there: number
  /** Of `found`: deleted or replaced since the listing. */
  readonly gone: number
  /** Of `found`. */
  readonly failed: readonly ReplayFailure[]
  /** Of what was handed over; undefined: that of their claims. */
  readonly generation: number | undefined
  /** The limit was reached before the end. */
  readonly isCut: boolean
}

/** At a time; the queue's adapter puts sends together, a copy may be one of gigabytes. */
const sendsMax = 100
const copiesMax = 16
/** A replay that fails so often fails for all. */
const failuresMax = 100
const msPerSecond = 1_000

/** "… must …": why that is no replay. */
export const replayProblems = (
  { prefix, start, end, copiesTo }: Pick<ObjectReplay, 'prefix' | 'start' | 'end' | 'copiesTo'>,
  replayPrefix: string,
): readonly string[] => [
  ...(prefix.startsWith(replayPrefix)
    ? [`the prefix must not be below ${replayPrefix}: there are copies of replays, no objects`]
    : []),
  ...(start < end ? [] : ['the end must be after the start: between them is nothing']),
  ...(copiesTo === undefined || isFolderBelow(copiesTo, replayPrefix)
    ? []
    : [
        `copies must go to a folder below ${replayPrefix}, with a slash at its end and at most ${folderBytesMax} bytes: elsewhere they would be loaded as new objects`,
      ]),
]

/** Leaves room for what is put behind it. */
const folderBytesMax = 500

const isFolderBelow = (folder: string, replayPrefix: string): boolean =>
  folder.startsWith(replayPrefix) &&
  folder.endsWith('/') &&
  Buffer.byteLength(folder) <= folderBytesMax

/**
 * Hands the objects of a window to the pipeline once more, page by page: as copies below the replay prefix, or as messages. What
 * is loaded, under way or set aside is passed over, unless forced; what is handed over twice is loaded once, for claims decide.
 * Killed and run again it is right; with the same folder no copy is made twice. Yields the sum so far after every page.
 *
 * @throws Fault DEADLINE_REACHED, what listing, ledger and store throw after five tries, and the 100th failure of an object.
 */
export const replayObjects = async function* (
  deps: ObjectReplayDeps,
  request: ObjectReplay,
  call: Call,
): AsyncGenerator<ObjectReplaySum> {
  const { bucket, prefix, limit = Infinity } = request
  const bronze = withoutCopies(deps.bronze, deps.replayPrefix)
  const isRaised = request.force && !request.dryRun
  const generation = isRaised ? await nextGeneration(deps, call) : undefined
  const pace = createPace(deps, request)
  const sum = { ...createSum(), generation }
  for (let from: string | undefined; ;) {
    const page = await persist(deps.clock, call, () =>
      bronze.list(bucket, prefix, from, call.signal),
    )
    sum.listed += page.objects.length
    const asked = await judgeAll(deps, page.objects.filter(createWindow(request)), request, call)
    for (const { standing } of asked) sum.standings[standing] = (sum.standings[standing] ?? 0) + 1
    sum.found += asked.length
    const free = asked.filter(({ isFree }) => isFree)
    const few = free.slice(0, limit - sum.sent - sum.there)
    for (const group of pace.groupsOf(few)) {
      if (!request.dryRun) await pace.wait(group.length, call)
      await handOver(deps, request, group, sum, call)
    }
    sum.isCut = few.length < free.length
    from = page.next
    if (from === undefined || sum.isCut) return void (yield sum)
    yield { ...sum }
  }
}

const createWindow =
  ({ start, end }: ObjectReplay) =>
  ({ object: { key }, sizeBytes, lastModified }: ListedObject): boolean =>
    lastModified >= start && lastModified < end && !(key.endsWith('/') && sizeBytes === 0)

interface Asked {
  readonly listed: ListedObject
  readonly source: Source
  readonly standing: JobStanding
  readonly isFree: boolean
}

const judgeAll = async (
  deps: ObjectReplayDeps,
  objects: readonly ListedObject[],
  { force }: ObjectReplay,
  call: Call,
): Promise<readonly Asked[]> => {
  const unjudged = objects.map((listed): SliceObject => {
    const dataset = routeOf(deps.routes, listed.object.key)
    const date = listed.lastModified
    return { ...listed, date, dateFrom: 'modified', dataset, standing: 'unrouted' }
  })
  const routed = unjudged.filter(({ dataset }) => dataset !== undefined)
  const seen = await lookUp(deps, routed, 0, call)
  const seenOf = new Map(routed.map((one, at) => [one, seen[at]]))
  return unjudged.map((one) => {
    const found = seenOf.get(one)
    const standing = found ? standingOfSeen(found, deps.clock.now()) : one.standing
    // What a reload left undone is sent as that reload: below its generation nobody would see it.
    const generation = found?.standing.claim?.item.generation ?? 0
    const source = sourceOf(deps.pipeline, one, generation)
    return { listed: one, source, standing, isFree: isSent({ ...one, standing }, force) }
  })
}

type Sum = ReturnType<typeof createSum> & Pick<ObjectReplaySum, 'generation'>

const createSum = () => ({
  ...{ listed: 0, found: 0, sent: 0, bytes: 0, there: 0, gone: 0, isCut: false },
  standings: {} as Partial<Record<JobStanding, number>>,
  failed: [] as ReplayFailure[],
})

const handOver = async (
  deps: ObjectReplayDeps,
  request: ObjectReplay,
  group: readonly Asked[],
  sum: Sum,
  call: Call,
): Promise<void> => {
  await mapConcurrently(
    group,
    request.copiesTo === undefined ? sendsMax : copiesMax,
    async (one) => {
      if (deps.clock.now() > call.deadline)
        throw new Fault('DEADLINE_REACHED', 'the time of the replay is over; run it again')
      try {
        const source = { ...one.source, generation: sum.generation ?? one.source.generation }
        const isNew =
          request.dryRun ||
          (await persist(deps.clock, call, () => give(deps, request, source, call)))
        if (!isNew) return void (sum.there += 1)
        sum.sent += 1
        sum.bytes += one.listed.sizeBytes
      } catch (error) {
        if (!isFault(error) || error.code === 'DEADLINE_REACHED') throw error
        if (error.code === 'OBJECT_GONE') return void (sum.gone += 1)
        const { code, message } = describeFailure(error)
        const { object } = one.source
        const problem = `${code}: ${message}`
        sum.failed.push({ url: objectUri(object), version: object.version, problem })
        if (sum.failed.length >= failuresMax) throw error
      }
    },
  )
}

/** False: its copy was there. */
const give = async (
  { pipeline, queue, replicator }: ObjectReplayDeps,
  { copiesTo }: ObjectReplay,
  source: Source,
  call: Call,
): Promise<boolean> => {
  const { object, generation } = source
  if (copiesTo !== undefined) {
    const key = copyKeyOf(copiesTo, pipeline, object)
    return replicator.copy(object, { key, generation }, call.signal)
  }
  await queue.send(writeObjectsMessage(pipeline, { kind: 'source', source }))
  return true
}

/** Spends so many objects a second. */
const createPace = ({ clock }: ObjectReplayDeps, { objectsPerSecond = Infinity }: ObjectReplay) => {
  let freeAt = clock.now()
  const groupMax = Math.max(1, Math.min(sendsMax, Math.floor(objectsPerSecond)))
  return {
    groupsOf: (objects: readonly Asked[]): readonly (readonly Asked[])[] =>
      Array.from({ length: Math.ceil(objects.length / groupMax) }, (_, n) =>
        objects.slice(n * groupMax, (n + 1) * groupMax),
      ),
    wait: async (count: number, { signal }: Call): Promise<void> => {
      const waitMs = freeAt - clock.now()
      if (waitMs > 0) await clock.sleep(waitMs)
      if (signal.aborted) throw new Fault('DEADLINE_REACHED', 'stopped')
      freeAt = Math.max(freeAt, clock.now()) + (count / objectsPerSecond) * msPerSecond
    },
  }
}
