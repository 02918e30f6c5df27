import {
  Fault,
  isFault,
  type DateFrom,
  type JobCounts,
  type JobStanding,
  type ListedObject,
  type ObjectRef,
  type Source,
  sourceIdOf,
} from '@silversmith/core'
import { hashOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { type BulkDeps, jobPrefixOf } from './bulk-room.ts'

/** An object inside the window, as the listing told it and as it stood then. */
export interface SliceObject extends ListedObject {
  /** Epoch ms. */
  readonly date: number
  readonly dateFrom: DateFrom
  /** Undefined: no route accepts its key. */
  readonly dataset: string | undefined
  readonly standing: JobStanding
  /** That it was claimed for then. */
  readonly batch?: string
}

/** A stretch of a listing. */
export interface Slice {
  /** Where the listing goes on; undefined: nowhere. */
  readonly next: string | undefined
  /** Nothing of it is sent. */
  readonly counts: JobCounts
  /** By dataset and date. */
  readonly objects: readonly SliceObject[]
}

export interface SlicePlace {
  /** Name of the job. */
  readonly job: string
  readonly name: string
}

/** Of a part that a job walks. */
export const sliceNameOf = (part: number, slice: number): string =>
  `${String(part).padStart(3, '0')}-${String(slice).padStart(7, '0')}`

export const sourceOf = (
  pipeline: string,
  { object, dataset }: SliceObject,
  generation: number,
): Source => ({ id: sourceIdOf(pipeline, object), object, dataset, generation })

export const slicesPrefixOf = (pipeline: string, job: string): string =>
  `${jobPrefixOf(pipeline, job)}slices/`

export const sliceKeyOf = (pipeline: string, { job, name }: SlicePlace): string =>
  `${slicesPrefixOf(pipeline, job)}${name}.jsonl`

/** The slice that is there; undefined: none was written. Throws OBJECT_UNREADABLE. */
export const readSlice = async (
  { pipeline, store, clock }: Pick<BulkDeps, 'pipeline' | 'store' | 'clock'>,
  bucket: string,
  place: SlicePlace,
  call: Call,
): Promise<Slice | undefined> => {
  const key = sliceKeyOf(pipeline, place)
  try {
    const bytes = await persist(clock, call, () => store.read(key, undefined, call.signal))
    return parseSlice(key, bucket, Buffer.from(bytes).toString())
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE')) return undefined
    throw error
  }
}

/** False: another one is there, which counts. */
export const writeSlice = async (
  { pipeline, store, clock }: Pick<BulkDeps, 'pipeline' | 'store' | 'clock'>,
  place: SlicePlace,
  slice: Slice,
  call: Call,
): Promise<boolean> => {
  const bytes = Buffer.from(textOf(slice))
  const file = { sha256: hashOf(bytes), contentType: 'application/x-ndjson' }
  try {
    const key = sliceKeyOf(pipeline, place)
    await persist(clock, call, () => store.write(key, bytes, file, call.signal))
    return true
  } catch (error) {
    if (isFault(error, 'STORE_CONFLICT')) return false
    throw error
  }
}

interface Head {
  readonly v: 1
  readonly next?: string
  readonly counts: JobCounts
  readonly objects: number
}

type Line = Omit<ObjectRef, 'bucket'> & Omit<SliceObject, 'object'>

const textOf = ({ next, counts, objects }: Slice): string => {
  const head: Head = { v: 1, ...(next !== undefined && { next }), counts, objects: objects.length }
  const lines = objects.map(({ object: { key, version, versioned }, ...rest }): Line => {
    return { key, version, versioned, ...rest }
  })
  return [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')
}

const parseSlice = (key: string, bucket: string, text: string): Slice => {
  const [first = '', ...rest] = text.trimEnd().split('\n')
  const head = parse(first) as Head | undefined
  if (head?.v !== 1 || head.objects !== rest.length)
    throw new Fault(
      'OBJECT_UNREADABLE',
      `${key} is no whole slice of a job that this release reads; put back its first version`,
    )
  const objects = rest.map((line): SliceObject => {
    const { key, version, versioned, ...facts } = JSON.parse(line) as Line
    return { ...facts, dataset: facts.dataset, object: { bucket, key, version, versioned } }
  })
  return { next: head.next, counts: head.counts, objects }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
