import {
  copyOf,
  Fault,
  type ObjectRef,
  objectUri,
  type Replicator,
  type Route,
  routeOf,
  type Source,
  sourceIdOf,
} from '@silversmith/core'

export interface CopyDeps {
  readonly pipeline: string
  readonly routes: readonly Route[]
  /** Objects of other buckets are refused; undefined: of any bucket. */
  readonly buckets: readonly string[] | undefined
  /** What lies below `prefix` is a copy of an object, and loaded as that. */
  readonly replay: { readonly prefix: string; readonly replicator: Pick<Replicator, 'look'> }
}

export const sourceOfObject = (
  { pipeline, routes }: Pick<CopyDeps, 'pipeline' | 'routes'>,
  object: ObjectRef,
): Source => ({
  ...{ id: sourceIdOf(pipeline, object), object, generation: 0 },
  dataset: routeOf(routes, object.key),
})

/**
 * The source a copy is of.
 *
 * @throws Fault EVENT_UNKNOWN for a copy that does not say whose it is: it must never pass for an object of its own. OBJECT_GONE
 * when it is not there.
 */
export const sourceOfCopy = async (
  deps: CopyDeps,
  copy: ObjectRef,
  signal: AbortSignal,
): Promise<Source> => {
  const { prefix, replicator } = deps.replay
  const { bucket, key, version, versioned } = copy
  const named = versioned ? { versionId: version } : { etag: version }
  const found = await replicator.look({ bucket, key, ...named }, signal)
  const { mark } = found
  if (!mark)
    throw new Fault(
      'EVENT_UNKNOWN',
      `${objectUri(copy)} does not say which object it is a copy of: below ${prefix} are copies of silversmith replay only; put it elsewhere`,
    )
  const { origin, generation } = mark
  const buckets = deps.buckets ?? [bucket]
  if (!buckets.includes(origin.bucket) || origin.key.startsWith(prefix))
    throw new Fault(
      'EVENT_UNKNOWN',
      `${objectUri(copy)} says it is a copy of ${objectUri(origin)}, which is no object of this pipeline: silversmith replay makes no such copy; delete it`,
    )
  return { ...sourceOfObject(deps, origin), generation, copy: copyOf(found, mark) }
}
