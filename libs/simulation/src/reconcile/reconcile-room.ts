import type { Inspector, Store } from '@silversmith/core'
import { readObjectsMessage, tokenOf } from '@silversmith/core'
import {
  createReconcile,
  createSilverInspector,
  graceMs,
  type ReconcileDeps,
  type ReconcileRequest,
} from '@silversmith/flow'
import { readParquet } from '@silversmith/parquet'
import { createMemoryInspector } from '../index.ts'
import { createRoom, pipeline, type RoomOptions } from '../transform/transform-room.ts'

export const line = (id: string, at = 0): string => `${JSON.stringify({ id, at })}\n`

/** The room of transform and sweep, and a reconcile of what is in it. */
export const createReconcileRoom = (
  options: RoomOptions & {
    readonly replace?: Partial<ReconcileDeps>
    /** What stands for those of the room. */
    readonly inspectors?: (own: readonly Inspector[]) => readonly Inspector[]
  } = {},
) => {
  const room = createRoom(options)
  const { bronze, ledger, store, queue, clock, log, engine } = room
  const silver = (files: Store) =>
    createSilverInspector({ store: files, prefix: 'silver/', decode: readParquet })
  const inspectors = [silver(store), createMemoryInspector({ name: 'clickhouse', engine })]
  const reconcile = createReconcile({
    ...{ pipeline, bronze, ledger, store, queue, clock, log },
    routes: [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }],
    inspectors: options.inspectors?.(inspectors) ?? inspectors,
    tables: ['notes'],
    ...options.replace,
  })
  /** One call, to its end. */
  const look = (request: Partial<ReconcileRequest> = {}) =>
    reconcile({ bucket: 'b', prefix: '', enqueue: false, ...request }, room.call())
  /** What is not zero. */
  const countsOf = async (request: Partial<ReconcileRequest> = {}) =>
    Object.fromEntries(
      Object.entries((await look(request)).counts).filter(([, count]) => count > 0),
    )
  const findingsOf = async (request: Partial<ReconcileRequest> = {}) => {
    const { findings } = await look(request)
    return findings
  }
  /** Transform gets what reconcile sent. */
  const runSent = async (): Promise<number> => {
    const sent = queue.take().map((body) => {
      const message = readObjectsMessage(pipeline, body)
      if (message?.kind !== 'source') throw new Error('not a source')
      return message.source
    })
    await room.run(...sent)
    return sent.length
  }
  const wait = (): void => clock.advance(graceMs + 1)
  const onlyBatch = (): string => {
    const [batch, ...others] = room.items('batch')
    if (batch?.kind !== 'batch' || others.length > 0) throw new Error('not one batch')
    return batch.id
  }
  const isOf = (token: string) => (row: Readonly<Record<string, unknown>>) =>
    row['_chunk'] === token
  return {
    ...{ room, reconcile, look, countsOf, findingsOf, runSent, wait, onlyBatch, isOf, tokenOf },
    ...{ bronze, ledger, store, queue, clock, engine },
  }
}
