import {
  type Bronze,
  identify,
  type Route,
  routeOf,
  type Source,
  sourceIdOf,
} from '@silversmith/core'
import type { AskedObject } from '../checkup/asked.ts'

export interface AskedSourceDeps {
  readonly pipeline: string
  readonly routes: readonly Route[]
  readonly bronze: Pick<Bronze, 'head'>
}

/** The source that somebody asks for by name: as it is now, where no version is named. Faults as of `Bronze.head`. */
export const sourceOfAsked = async (
  { pipeline, routes, bronze }: AskedSourceDeps,
  { bucket, key, versionId, dataset }: Omit<AskedObject, 'isDry'>,
  signal: AbortSignal,
): Promise<Source> => {
  const known = versionId === undefined ? undefined : identify({ bucket, key, versionId })
  const { version, versioned } = known ?? (await bronze.head(bucket, key, signal))
  const object = { bucket, key, version, versioned }
  const chosen = dataset ?? routeOf(routes, key)
  return { id: sourceIdOf(pipeline, object), object, dataset: chosen, generation: 0 }
}
