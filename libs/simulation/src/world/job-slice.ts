import type { JobRequest, JobStanding, ListedObject } from '@silversmith/core'
import { sourceIdOf } from '@silversmith/core'
import { bucket, pipeline } from './place.ts'

export interface SliceLine extends Omit<ListedObject, 'etag'> {
  /** Of the source. */
  readonly id: string
  readonly standing: JobStanding
}

/** A file of a job, read without the code that wrote it. */
export interface SliceFile {
  readonly job: string
  readonly part: number
  readonly n: number
  /** Undefined: the listing ends here. */
  readonly next: string | undefined
  readonly lines: readonly SliceLine[]
}

const keyPattern = /^_jobs\/[^/]+\/([^/]+)\/slices\/(\d+)-(\d+)\.jsonl$/

type Line = Omit<SliceLine, 'id' | 'object'> & {
  readonly key: string
  readonly version: string
  readonly versioned: boolean
}

/** Undefined: the key is of another file. */
export const readSliceFile = (key: string, bytes: Uint8Array): SliceFile | undefined => {
  const [, job, part, n] = keyPattern.exec(key) ?? []
  if (job === undefined) return undefined
  const [head = '', ...rest] = Buffer.from(bytes).toString().trimEnd().split('\n')
  const lines = rest.map((text): SliceLine => {
    const { key, version, versioned, ...facts } = JSON.parse(text) as Line
    const object = { bucket, key, version, versioned }
    return { ...facts, object, id: sourceIdOf(pipeline, object) }
  })
  const { next } = JSON.parse(head) as { readonly next?: string }
  return { job, part: Number(part), n: Number(n), next, lines }
}

/** Whether the job has to send it. */
export const isDue = ({ standing }: SliceLine, { force }: Pick<JobRequest, 'force'>): boolean =>
  standing === 'new' || (force && !['unrouted', 'stuck'].includes(standing))
