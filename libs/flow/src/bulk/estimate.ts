import type { Clock, Ledger, Manifest, Store } from '@silversmith/core'
import { isFault } from '@silversmith/core'
import { readBatches } from '../claims/open-batches.ts'
import { sqsDollars, totalOf, transformBillOf } from '../cost/bill.ts'
import { transformCalls } from '../cost/calls.ts'
import type { Deployment } from '../cost/deployment.ts'
import type { Inputs } from '../cost/figures.ts'
import { transformInvocation } from '../cost/invocation.ts'
import { dayOf, isManifestKey, manifestPrefix, readManifest } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import type { Plan, PlanCell } from './plan.ts'

export interface EstimateDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  /** Of the manifests. */
  readonly store: Store
  readonly clock: Clock
}

/** What sending the objects of a plan would take, of one dataset. */
export interface Estimate {
  readonly dataset: string
  readonly objects: number
  readonly bytes: number
  /** Of objects that the newest committed batches have of the dataset; undefined: they have none, and nobody can say. */
  readonly rows: number | undefined
  /** Undefined, as all that follows: an object is too large to be read within one invocation. */
  readonly batches: number | undefined
  readonly lambdaSeconds: number | undefined
  readonly queueRequests: number | undefined
  readonly inserts: number | undefined
  readonly dollars: number | undefined
}

/** Computed, not measured: by figures, prices and the sizes of the functions that are given. */
export const estimatePlan = async (
  deps: EstimateDeps,
  { cells }: Pick<Plan, 'cells'>,
  { inputs, deployment }: { readonly inputs: Inputs; readonly deployment: Deployment },
  call: Call,
): Promise<readonly Estimate[]> => {
  const sent = cells.filter((cell) => cell.sent > 0)
  const names = [...new Set(sent.flatMap(({ dataset }) => dataset ?? []))].toSorted()
  const history = await readHistory(deps, names, call)
  return names.map((dataset) => {
    const own = sent.filter((cell) => cell.dataset === dataset)
    const rowsPerByte = history.get(dataset)
    return estimateOf(dataset, own, rowsPerByte, { inputs, deployment })
  })
}

const estimateOf = (
  dataset: string,
  cells: readonly PlanCell[],
  rowsPerByte: number | undefined,
  { inputs, deployment }: { readonly inputs: Inputs; readonly deployment: Deployment },
): Estimate => {
  const sumOf = (valueOf: (cell: PlanCell) => number): number =>
    cells.reduce((sum, cell) => sum + valueOf(cell), 0)
  const [objects, bytes] = [sumOf(({ sent }) => sent), sumOf(({ sentBytes }) => sentBytes)]
  const rows = rowsPerByte === undefined ? undefined : Math.round(bytes * rowsPerByte)
  const asked = { dataset, objects, bytes, rows }
  const objectBytes = Math.max(1, bytes / objects)
  // All wait, so that batches are as large as they may be; they come in the order of their days.
  const whole = { objectsPerSecond: objects + backlog, objectBytes, days: 1 }
  const batchSize = Math.min(deployment.transform.batchSize, objects)
  const own = { ...deployment, transform: { ...deployment.transform, batchSize } }
  const first = transformInvocation(inputs, own, whole)
  if (!first) return { ...asked, ...unknownCost }
  const days = Math.max(1, Math.round((cells.length * Math.min(objects, first.objects)) / objects))
  const transform = transformInvocation(inputs, own, { ...whole, days }) ?? first
  const batches = Math.ceil(objects / transform.objects)
  const queueRequests = Math.ceil(objects * requestsPerObject(inputs))
  const dollars =
    objects * totalOf(transformBillOf(inputs, own, transform)) +
    sqsDollars(inputs.prices, queueRequests)
  return {
    ...{ ...asked, batches, queueRequests, dollars },
    lambdaSeconds: (objects / transform.objects) * transform.seconds,
    inserts: batches * transformCalls(transform.shape).inserts,
  }
}

/** More than any window gathers. */
const backlog = 1e9

const unknownCost = {
  ...{ batches: undefined, lambdaSeconds: undefined, queueRequests: undefined },
  ...{ inserts: undefined, dollars: undefined },
}

/** DeleteMessageBatch. */
const deletesMax = 10

/** Sent by the job, received and deleted by the mapping. */
const requestsPerObject = ({ figures }: Inputs): number =>
  1 / figures.messagesPerSend + 1 / figures.messagesPerReceive + 1 / deletesMax

const dayMs = 86_400_000
/** Days looked back for batches, manifests that are read, and objects of a dataset that suffice. */
const daysMax = 60
const manifestsMax = 40
const objectsEnough = 1_000

/** Dataset → rows of a byte of its objects, by the newest committed batches. */
const readHistory = async (
  deps: EstimateDeps,
  datasets: readonly string[],
  call: Call,
): Promise<ReadonlyMap<string, number>> => {
  const sums = new Map(datasets.map((name) => [name, { objects: 0, bytes: 0, rows: 0 }]))
  const isEnough = (): boolean =>
    [...sums.values()].every(({ objects }) => objects >= objectsEnough)
  let read = 0
  for (let back = 0; back < daysMax && !isEnough() && read < manifestsMax; back += 1) {
    const ids = await listBatches(deps, dayOf(deps.clock.now() - back * dayMs), call)
    const batches = await readBatches(deps, deps.pipeline, ids.toReversed(), call)
    for (const { manifest: ref, state } of batches) {
      if (isEnough() || read >= manifestsMax) break
      if (!ref || state !== 'C') continue
      read += 1
      for (const { dataset = '', disposition, sizeBytes, rows } of await readOwn(deps, ref, call)) {
        const sum = sums.get(dataset)
        if (!sum || (disposition !== 'rows' && disposition !== 'empty')) continue
        sum.objects += 1
        sum.bytes += sizeBytes
        sum.rows += rows
      }
    }
  }
  const known = [...sums].filter(([, { bytes }]) => bytes > 0)
  return new Map(known.map(([name, { bytes, rows }]) => [name, rows / bytes]))
}

/** The newest of a day; ids begin with their time. */
const listBatches = async (
  { store, clock }: EstimateDeps,
  day: string,
  call: Call,
): Promise<readonly string[]> => {
  const folder = `${manifestPrefix}dt=${day}/`
  return persist(clock, call, async () => {
    const ids: string[] = []
    for await (const key of store.list(folder, call.signal)) {
      if (isManifestKey(key)) ids.push(key.slice(folder.length, -'.json'.length))
      if (ids.length > 2 * manifestsMax) ids.shift()
    }
    return ids
  })
}

/** None: it is gone, or is not the one that was sealed; reconcile tells of it. */
const readOwn = async (
  { store, clock }: EstimateDeps,
  ref: Parameters<typeof readManifest>[1],
  call: Call,
): Promise<Manifest['sources']> => {
  try {
    return (await persist(clock, call, () => readManifest(store, ref, call.signal))).sources
  } catch (error) {
    if (isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE')) return []
    throw error
  }
}
