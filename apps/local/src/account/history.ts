import { paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { createS3Store } from '@silversmith/aws'
import type { Batch, Manifest } from '@silversmith/core'
import { manifestPrefix, readManifest } from '@silversmith/flow'
import { pipeline } from '../functions.ts'
import type { Stack } from '../stack.ts'

/** A batch that was sealed, with its manifest. */
export interface SealedBatch {
  readonly batch: Batch
  readonly manifest: Manifest
}

/** Manifests read at one time. */
const readsMax = 8
const sliceMax = 100

export async function* listKeys(stack: Stack, prefix: string): AsyncGenerator<string> {
  const pages = paginateListObjectsV2(
    { client: stack.clients.s3 },
    { Bucket: stack.resources.silverBucket, Prefix: prefix },
  )
  for await (const page of pages)
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key
}

const batchOfKey = (key: string): string | undefined => /\/([0-9A-Z]{26})\.json$/.exec(key)?.[1]

/** Runs `act` on all items, a few at a time, in order of the answers' items. */
export const mapLimited = async <Item, Result>(
  items: readonly Item[],
  limit: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await act(items[at] as Item)
  }
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker)
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return results
}

/**
 * Every batch of the pipeline whose manifest its ledger item names, i.e. that was sealed; a manifest alone proves nothing,
 * it is written before the seal. Oldest first.
 */
export const readHistory = async (
  stack: Stack,
  signal: AbortSignal,
): Promise<readonly SealedBatch[]> => {
  const ids: string[] = []
  for await (const key of listKeys(stack, manifestPrefix)) {
    const id = batchOfKey(key)
    if (id !== undefined) ids.push(id)
  }
  const slices = Array.from({ length: Math.ceil(ids.length / sliceMax) }, (_, n) =>
    ids.slice(n * sliceMax, (n + 1) * sliceMax),
  )
  const batches: Batch[] = []
  for (const slice of slices) {
    const found = await stack.ledger.read(
      slice.map((id) => ({ kind: 'batch' as const, id })),
      signal,
    )
    for (const versioned of found)
      if (versioned?.item.kind === 'batch' && versioned.item.pipeline === pipeline)
        batches.push(versioned.item)
  }
  const sealed = batches
    .filter(({ state }) => state === 'S' || state === 'C')
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const store = createS3Store({ client: stack.clients.s3, bucket: stack.resources.silverBucket })
  return mapLimited(sealed, readsMax, async (batch) => {
    if (!batch.manifest) throw new Error(`batch ${batch.id} is sealed without a manifest`)
    return { batch, manifest: await readManifest(store, batch.manifest, signal) }
  })
}
