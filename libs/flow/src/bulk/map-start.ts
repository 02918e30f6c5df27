import {
  type Bronze,
  type Buckets,
  Fault,
  isFault,
  type Job,
  type JobRequest,
  objectUri,
} from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import { type JobAsked, type JobStartDeps, startJob } from './job-start.ts'

export interface MapStartDeps extends JobStartDeps {
  readonly bronze: Pick<Bronze, 'head' | 'open'> & Buckets
}

/** A manifest names about 5 000 files a megabyte, and each file millions of objects. */
const manifestBytesMax = 8_000_000

/** An identity, a size and a date need these. */
const fieldsNeeded = ['Bucket', 'Key', 'Size', 'LastModifiedDate', 'ETag'] as const
/** Where there are versions, an identity is one of them, and a delete marker is none. */
const fieldsOfVersions = ['VersionId', 'IsDeleteMarker'] as const

/**
 * Begins a job whose objects a Distributed Map hands out, or finds it, when the same execution asks again.
 *
 * @throws Fault JOB_REFUSED when the map could not name the objects of the bucket, and says what to do instead; and what
 * `startJob` throws.
 */
export const startMap = async (deps: MapStartDeps, asked: JobAsked, call: Call): Promise<Job> => {
  const problem = await problemOf(deps, asked.request, call)
  if (problem !== undefined) throw new Fault('JOB_REFUSED', problem)
  return startJob(deps, asked, call)
}

const problemOf = async (
  deps: MapStartDeps,
  { bucket, map }: JobRequest,
  call: Call,
): Promise<string | undefined> => {
  const { bronze, clock } = deps
  const state = await persist(clock, call, () => bronze.stateOf(bucket, call.signal))
  if (map?.inventory) return inventoryProblem(deps, bucket, map.inventory, state, call)
  return state === 'unversioned'
    ? undefined
    : `versioning of ${bucket} is ${state === 'versioned' ? 'enabled' : 'suspended'}, and a listing by Step Functions (ListObjectsV2) tells no versions: give an inventory with all versions, or take the other state machine, which lists by itself`
}

const inventoryProblem = async (
  deps: MapStartDeps,
  bucket: string,
  place: { readonly bucket: string; readonly key: string },
  state: Awaited<ReturnType<Buckets['stateOf']>>,
  call: Call,
): Promise<string | undefined> => {
  const uri = objectUri(place)
  const text = await readManifest(deps, place, call)
  const manifest = text === undefined ? undefined : parse(text)
  const { sourceBucket, fileFormat, fileSchema, files } = manifest ?? {}
  if (typeof fileSchema !== 'string' || !Array.isArray(files))
    return `${uri} is no manifest.json of an S3 Inventory`
  if (sourceBucket !== bucket)
    return `${uri} is an inventory of ${String(sourceBucket)}, and the job is of ${bucket}`
  if (fileFormat !== 'CSV')
    return `${uri} is of files in ${String(fileFormat)}: Step Functions reads inventories in CSV`
  const fields = fileSchema.split(',').map((field) => field.trim())
  const needed = [...fieldsNeeded, ...(state === 'unversioned' ? [] : fieldsOfVersions)]
  const missing = needed.filter((field) => !fields.includes(field))
  return missing.length === 0
    ? undefined
    : `${uri} lacks ${missing.join(', ')}: configure the inventory with Size, LastModifiedDate and ETag${state === 'unversioned' ? '' : `, and for all versions, because ${bucket} keeps them`}; or take the other state machine, which lists by itself`
}

/** Undefined: too large for one. */
const readManifest = async (
  { bronze, clock }: MapStartDeps,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  call: Call,
): Promise<string | undefined> =>
  persist(clock, call, async () => {
    try {
      const object = await bronze.head(bucket, key, call.signal)
      if (object.sizeBytes > manifestBytesMax) return undefined
      const pieces: Uint8Array[] = []
      for await (const piece of (await bronze.open(object, call.signal)).body) pieces.push(piece)
      return Buffer.concat(pieces).toString()
    } catch (error) {
      if (!isFault(error, 'OBJECT_GONE')) throw error
      throw new Fault('JOB_REFUSED', `there is no inventory ${objectUri({ bucket, key })}`, {
        cause: error,
      })
    }
  })

const parse = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null
      ? (parsed as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}
