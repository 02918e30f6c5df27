import type { Chunk, Clock, Inspector, Manifest, Store } from '@silversmith/core'
import { hasErasure } from '../erasure/erasure-record.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { silverKeyOf } from '../apply/silver-target.ts'
import { inspect, inspectMax } from './loss.ts'
import { refusedFilesOf } from './refused-file.ts'

export interface TraceDeps {
  readonly store: Store
  readonly clock: Clock
  /** Of every target that can be looked into. */
  readonly inspectors: readonly Inspector[]
  /** Both end with a slash. */
  readonly silverPrefix: string
  readonly quarantinePrefix: string
}

/** Files looked at in one go. */
const looksMax = 16

/**
 * Is anything of the batch where only a sealed batch puts things? One file or row is proof of the seal; none is no proof of
 * the contrary, for it may not have been applied yet.
 */
export const hasTrace = async (
  deps: TraceDeps,
  manifest: Manifest,
  call: Call,
): Promise<boolean> => {
  const { batch, chunks, quarantine, targets } = manifest
  const silver = targets.includes('silver') ? chunks : []
  const files = [
    ...quarantine.map(({ target }) => target),
    ...silver.flatMap((chunk) =>
      (chunk.days ?? []).map(({ day }) => silverKeyOf(deps.silverPrefix, batch, chunk, day)),
    ),
  ]
  if (await isAnyThere(deps, files, call)) return true
  const inspectors = deps.inspectors.filter(
    ({ name }) => name !== 'silver' && targets.includes(name),
  )
  for (const inspector of inspectors)
    for (const some of slicesOf(chunks, inspectMax))
      if ((await inspect(deps, inspector, batch, some, call)).some(({ rows }) => rows > 0))
        return true
  const refused = chunks.flatMap((chunk) => refusedKeys(deps, manifest, chunk))
  return (await isAnyThere(deps, refused, call)) || hasErasure(deps, batch, call)
}

const refusedKeys = (deps: TraceDeps, manifest: Manifest, chunk: Chunk): readonly string[] =>
  manifest.targets.flatMap((target) =>
    refusedFilesOf(deps.quarantinePrefix, manifest, chunk, target).map(({ key }) => key),
  )

/** Is all there that the batch staged? It is deleted only after a commit or an abort. */
export const isStaged = async (
  deps: TraceDeps,
  { chunks, quarantine }: Manifest,
  call: Call,
): Promise<boolean> => {
  const staged = chunks.flatMap(({ block, days = [] }) => [...(block ? [block] : []), ...days])
  const keys = new Set([...quarantine, ...staged].map(({ key }) => key))
  for (const some of slicesOf([...keys], looksMax))
    if ((await lookAtAll(deps, some, call)).includes(undefined)) return false
  return true
}

const isAnyThere = async (
  deps: TraceDeps,
  keys: readonly string[],
  call: Call,
): Promise<boolean> => {
  for (const some of slicesOf(keys, looksMax))
    if ((await lookAtAll(deps, some, call)).some((file) => file !== undefined)) return true
  return false
}

const lookAtAll = ({ store, clock }: TraceDeps, keys: readonly string[], call: Call) =>
  mapConcurrently(keys, looksMax, (key) => persist(clock, call, () => store.look(key, call.signal)))

const slicesOf = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  )
