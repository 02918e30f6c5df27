import type { Bronze } from '@silversmith/core'
import { gunzipSync } from 'node:zlib'
import type { Definition, State } from './definition.ts'

/**
 * What the interpreter does not know of a Distributed Map: reader, batcher, tolerated failures. This is code of ours, written by the
 * documentation of AWS, and stands in for the service; templates and paths of the state are still read by the interpreter.
 */
export const withoutMaps = (definition: Definition): Definition => ({
  ...definition,
  States: Object.fromEntries(
    Object.entries(definition.States).map(([name, state]) => [
      name,
      state.ItemProcessor ? taskOf(state) : state,
    ]),
  ),
})

const taskOf = ({ Next, ResultPath, ...map }: State): State & { readonly Parameters: object } => ({
  ...{ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke' },
  ...(ResultPath !== undefined && { ResultPath }),
  ...(Next !== undefined && { Next }),
  Parameters: {
    reader: map.ItemReader?.Parameters,
    batchInput: map.ItemBatcher?.BatchInput,
    writer: map.ResultWriter?.Parameters,
    'maxConcurrency.$': map.MaxConcurrencyPath,
    'tolerated.$': map.ToleratedFailurePercentagePath,
  },
})

/** The state's parameters, as the interpreter made them of its input. */
export interface MapInput {
  readonly reader: { readonly Bucket: string; readonly Prefix?: string; readonly Key?: string }
  readonly batchInput: object
  readonly writer: { readonly Bucket: string; readonly Prefix: string }
  readonly maxConcurrency: number
  readonly tolerated: number
}

export interface MapRun {
  readonly succeeded: number
  readonly failed: number
}

/** Batches in the order of the items; a child is run by `runChild`, which throws when it fails. */
export const runMap = async (
  { ItemReader, ItemBatcher }: State,
  { reader, batchInput, tolerated }: MapInput,
  bronze: Bronze,
  runChild: (input: object) => Promise<unknown>,
): Promise<MapRun> => {
  const items = ItemReader?.Resource.endsWith('s3:listObjectsV2')
    ? await listObjects(bronze, reader.Bucket, reader.Prefix ?? '')
    : await readInventory(bronze, reader.Bucket, reader.Key ?? '')
  const batches = batchesOf(items, ItemBatcher)
  let failed = 0
  for (const Items of batches)
    await runChild({ BatchInput: batchInput, Items }).catch(() => (failed += 1))
  if (failed > 0 && failed * 100 > batches.length * tolerated) {
    const error = new Error('the tolerated failure threshold was exceeded')
    error.name = 'States.ExceedToleratedFailureThreshold'
    throw error
  }
  return { succeeded: batches.length - failed, failed }
}

const batchesOf = (
  items: readonly object[],
  batcher: State['ItemBatcher'],
): readonly (readonly object[])[] => {
  const batches: object[][] = []
  let bytes = Infinity
  for (const item of items) {
    const own = Buffer.byteLength(JSON.stringify(item))
    const last = batches.at(-1)
    const isFull = bytes + own > (batcher?.MaxInputBytesPerBatch ?? 0)
    if (last && last.length < (batcher?.MaxItemsPerBatch ?? 0) && !isFull) {
      last.push(item)
      bytes += own
    } else {
      batches.push([item])
      bytes = own
    }
  }
  return batches
}

const idle = new AbortController().signal

const listAll = async (bronze: Bronze, bucket: string, prefix: string) => {
  const found = []
  let from: string | undefined
  do {
    const page = await bronze.list(bucket, prefix, from, idle)
    found.push(...page.objects)
    from = page.next
  } while (from !== undefined)
  return found
}

/** Items of `s3:listObjectsV2`: no versions, the time in seconds, the etag in quotes. */
const listObjects = async (bronze: Bronze, bucket: string, prefix: string) =>
  (await listAll(bronze, bucket, prefix)).map(({ object, etag, sizeBytes, lastModified }) => ({
    ...{ Etag: `"${etag}"`, Key: object.key, LastModified: Math.floor(lastModified / 1_000) },
    ...{ Size: sizeBytes, StorageClass: 'STANDARD' },
  }))

const bytesOf = async (bronze: Bronze, bucket: string, key: string): Promise<Buffer> => {
  const { body } = await bronze.open(await bronze.head(bucket, key, idle), idle)
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

interface InventoryManifest {
  readonly fileSchema: string
  readonly files: readonly { readonly key: string }[]
}

/** Items of an S3 Inventory: one of each line, its texts under the names of the schema, as they are in the file. */
const readInventory = async (bronze: Bronze, bucket: string, key: string) => {
  const text = (await bytesOf(bronze, bucket, key)).toString()
  const { fileSchema, files } = JSON.parse(text) as InventoryManifest
  const names = fileSchema.split(', ')
  const items: Record<string, string>[] = []
  for (const file of files)
    for (const line of gunzipSync(await bytesOf(bronze, bucket, file.key))
      .toString()
      .trimEnd()
      .split('\n')) {
      const fields = [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, field = '']) => field)
      items.push(Object.fromEntries(names.map((name, at) => [name, fields[at] ?? ''])))
    }
  return items
}
