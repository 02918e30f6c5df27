import { identify, sourceIdOf } from '@silversmith/core'
import type { Batch, ManifestSource, Store } from '@silversmith/core'
import { readManifest } from '@silversmith/flow'
import { createdEventOf } from '../created-event.ts'
import { pipeline } from '../functions.ts'
import type { Stack } from '../stack.ts'
import { uploadAll } from '../input/upload.ts'
import type { Uploaded } from '../input/upload.ts'
import type { Drop } from './tick.ts'

/** Files that a person dropped on the page: uploaded to bronze, then followed until their batch is sealed. */
export interface Drops {
  /** Resolves when the object is stored. @throws Error that says why it could not be. */
  load(file: DroppedFile): Promise<Drop>
  /** Looks what became of those under way; drops that changed since the last call. */
  settle(): Promise<readonly Drop[]>
  /** The last ones, oldest first. */
  list(): readonly Drop[]
}

export interface DroppedFile {
  readonly key: string
  readonly sizeBytes: number
  readonly body: AsyncIterable<Uint8Array>
}

export type DropsStack = Pick<Stack, 'clients' | 'resources' | 'ledger' | 'notifier' | 'ours'>

export const dropsMax = 50

const fateOf = (source: ManifestSource, batch: Batch, drop: Drop): Drop => {
  const { disposition, dataset, reason, records, rows, rejected } = source
  return {
    ...drop,
    state: 'loaded',
    known: (batch.sealedAt ?? 0) < drop.at,
    batch: batch.id,
    ...(dataset !== undefined && { dataset }),
    ...(reason !== undefined && { reason }),
    ...{ disposition, records, rows, rejected },
  }
}

export const createDrops = (
  stack: DropsStack,
  store: Store,
  now: () => number,
  signal: AbortSignal,
): Drops => {
  const { ledger, resources, ours, notifier } = stack
  /** With the id of its source. */
  const drops = new Map<number, { readonly drop: Drop; readonly source: string }>()
  let changed = new Set<number>()
  let last = 0

  const keep = (drop: Drop, source: string): Drop => {
    drops.set(drop.id, { drop, source })
    changed.add(drop.id)
    const [oldest] = drops.keys()
    if (drops.size > dropsMax && oldest !== undefined) drops.delete(oldest)
    return drop
  }

  const read = async (source: string, drop: Drop): Promise<void> => {
    const [claim] = await ledger.read([{ kind: 'claim', id: source }], signal)
    if (claim?.item.kind !== 'claim') return
    const [found] = await ledger.read([{ kind: 'batch', id: claim.item.batch }], signal)
    const batch = found?.item.kind === 'batch' ? found.item : undefined
    if (!batch?.manifest || (batch.state !== 'S' && batch.state !== 'C')) return
    const { sources } = await readManifest(store, batch.manifest, signal)
    const own = sources.find(({ id }) => id === source)
    if (own) keep(fateOf(own, batch, drop), source)
  }

  const put = async ({ key, sizeBytes, body }: DroppedFile): Promise<Uploaded> => {
    let stored: Uploaded | undefined
    await uploadAll(only({ key, sizeBytes, origin: key, open: () => body }), {
      s3: stack.clients.s3,
      bucket: resources.bronzeBucket,
      signal,
      onUploaded: async (object) => {
        if (!ours.s3) await notifier.notify(createdEventOf(resources.bronzeBucket, object))
        stored = object
      },
    })
    if (!stored) throw new Error('the run is ending')
    return stored
  }

  return {
    load: async (file) => {
      const at = now()
      const { key, etag, versionId, sizeBytes } = await put(file)
      const object = identify({ bucket: resources.bronzeBucket, key, etag, versionId })
      if (!object) throw new Error(`S3 gave ${key} neither an etag nor a version`)
      const drop: Drop = {
        ...{ id: ++last, key, sizeBytes, at },
        ...{ state: 'loading', known: false },
      }
      return keep(drop, sourceIdOf(pipeline, object))
    },
    settle: async () => {
      // What cannot be read now is looked at again the next time.
      for (const { source, drop } of drops.values())
        if (drop.state === 'loading') await read(source, drop).catch(() => undefined)
      const ids = changed
      changed = new Set()
      return [...drops.values()].flatMap(({ drop }) => (ids.has(drop.id) ? [drop] : []))
    },
    list: () => [...drops.values()].map(({ drop }) => drop),
  }
}

async function* only<Item>(item: Item): AsyncGenerator<Item> {
  yield await Promise.resolve(item)
}
