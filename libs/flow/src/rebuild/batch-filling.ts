import {
  type Batch,
  type Chunk,
  Fault,
  type Holding,
  isFault,
  type Manifest,
  reloadsTable,
  tokenOf,
} from '@silversmith/core'
import { listJobs } from '../erasure/erasure-job.ts'
import { withoutErased } from '../erasure/erasure-record.ts'
import { type Call, endingOf, persist } from '../patience.ts'
import { inspect, inspectMax, isRejected, isWhole } from '../repair/loss.ts'
import type { RebuildTally, TableRebuildFinding } from './rebuild-report.ts'
import { readBlock } from './silver-block.ts'
import { Refusal, type TableRebuildDeps, type TableRebuildRequest } from './rebuild-room.ts'

/** A sealed batch, and how much of it is to be done. */
export interface Filling {
  readonly batch: Batch
  readonly manifest: Manifest
  /** Chunks below it are done with. */
  readonly from: number
  /** Chunks below it are known to be applied: the others are for the sweep. */
  readonly applied: number
  readonly request: TableRebuildRequest
  readonly tally: RebuildTally
  /** Tokens this process inserted. */
  readonly sent: Set<string>
  /** Chunks below the number are done with now. */
  readonly keep: (done: number) => void
}

/**
 * Looks for each chunk by its `_chunk` and inserts what is not there: all its rows in one block under the token of its batch, as
 * transform would. So a chunk is there whole or not at all, a process that dies leaves nothing half done, and whoever puts the
 * same chunk at the same time, this or transform, has the same token: one of them lands.
 *
 * True: of the tables asked for there were chunks left, and all of them are there. Throws faults of the
 * ports; DEADLINE_REACHED when time is over; Refusal.
 */
export const fillBatch = async (
  deps: TableRebuildDeps,
  filling: Filling,
  call: Call,
): Promise<boolean> => {
  const { manifest, applied } = filling
  const { chunks } = await withoutErased(deps, manifest, call)
  const outcomes: Outcome[] = []
  for (let at = filling.from; at < applied; at += inspectMax)
    outcomes.push(
      ...(await fillSome(deps, { ...filling, from: at }, chunks.slice(0, applied), call)),
    )
  const isThere = ({ kind }: Outcome): boolean => kind === 'filled' || kind === 'there'
  return outcomes.length > 0 && outcomes.every(isThere)
}

/** Up to `inspectMax` chunks, from `from` on. What came of them is told when all of it is known, so that nothing is told twice. */
const fillSome = async (
  deps: TableRebuildDeps,
  filling: Filling,
  due: readonly Chunk[],
  call: Call,
): Promise<readonly Outcome[]> => {
  const { batch, request, tally, from } = filling
  refuseLate(deps, call)
  await refuseErasure(deps, call)
  const chunks = due.slice(from, from + inspectMax)
  const isWanted = ({ table }: Chunk): boolean => request.tables?.includes(table) ?? true
  const wanted = chunks.filter(isWanted)
  const held = await inspect(deps, deps.inspector, batch.id, wanted, call)
  const holdings = new Map(wanted.map(({ n }, index) => [n, held[index]]))
  const outcomes: Outcome[] = []
  const filled: Chunk[] = []
  let done = from
  let failure: { readonly error: unknown } | undefined
  try {
    for (const chunk of chunks) {
      refuseLate(deps, call)
      if (isWanted(chunk)) {
        const outcome = await deal(deps, filling, { due, chunk, held: holdings.get(chunk.n) }, call)
        if (outcome.kind === 'sent') filled.push(chunk)
        else outcomes.push(outcome)
      }
      done += 1
    }
  } catch (error) {
    failure = { error }
  }
  outcomes.push(...(await verify(deps, filling, filled, endingOf(call))))
  for (const outcome of outcomes) tell(tally, outcome)
  filling.keep(done)
  if (failure) throw failure.error
  return outcomes
}

const refuseLate = ({ clock }: TableRebuildDeps, call: Call): void => {
  if (call.signal.aborted || clock.now() > call.deadline)
    throw new Fault('DEADLINE_REACHED', 'the time of this call is over')
}

/** Repair refuses, too: silver still has what is to go. */
const refuseErasure = async (deps: TableRebuildDeps, call: Call): Promise<void> => {
  const jobs = await persist(deps.clock, call, () => listJobs(deps, call))
  if (jobs.length > 0)
    throw new Refusal('an erasure was begun and is not finished: silversmith erase --yes first')
}

/** `sent` is only that: whether the rows are there is asked then. */
type Outcome =
  | { readonly kind: 'sent' | 'expired' | 'rejected' | 'erased' }
  | { readonly kind: 'filled' | 'there'; readonly rows: number }
  | { readonly kind: 'left'; readonly finding: TableRebuildFinding }

const tell = (tally: RebuildTally, outcome: Outcome): void => {
  switch (outcome.kind) {
    case 'filled':
      tally.count('chunksFilled')
      return tally.count('rowsFilled', outcome.rows)
    case 'there':
      tally.count('chunksThere')
      return tally.count('rowsThere', outcome.rows)
    case 'expired':
      return tally.count('chunksExpired')
    case 'rejected':
      return tally.count('chunksRejected')
    case 'erased':
      return tally.count('chunksErased')
    case 'left':
      tally.count('chunksLeft')
      return tally.find(outcome.finding)
    case 'sent':
  }
}

interface Held {
  /** All that are applied, for `_reloads` is told by the others. */
  readonly due: readonly Chunk[]
  readonly chunk: Chunk
  readonly held: Holding | undefined
}

const deal = async (
  deps: TableRebuildDeps,
  filling: Filling,
  { due, chunk, held = { rows: 0, distinct: 0 } }: Held,
  call: Call,
): Promise<Outcome> => {
  const { batch, manifest, request, sent } = filling
  if (chunk.rows === 0 && held.rows === 0) return { kind: 'erased' }
  const token = tokenOf(batch.id, chunk.n)
  if (isWhole(chunk, held)) {
    if (held.rows === 0) return { kind: 'expired' }
    return { kind: sent.has(token) ? 'filled' : 'there', rows: held.rows }
  }
  if (held.rows > 0) return wrong(batch, chunk, held)
  if (await isRejected(deps, batch, manifest, chunk, deps.inspector.name, call))
    return { kind: 'rejected' }
  if (request.dryRun) return { kind: 'filled', rows: chunk.rows }
  if (chunk.table === reloadsTable.name && !(await isReady(deps, filling, due, call)))
    return left('reloads-held', batch, chunk, {
      why: 'rows of its batch are not there: views would turn to a generation that is not whole',
      mend: 'mend what is told of its batch, and rebuild again',
    })
  const block = await readBlock(deps, batch.id, chunk, call)
  if (block.kind === 'expired') return { kind: 'expired' }
  if (block.kind === 'left') return left(block.problem, batch, chunk, block)
  sent.add(token)
  return send(deps, batch, { ...chunk, columns: block.columns }, block.bytes, call)
}

/** Views turn over by this chunk: all the others come first. */
const isReady = async (
  deps: TableRebuildDeps,
  { batch }: Filling,
  due: readonly Chunk[],
  call: Call,
): Promise<boolean> => {
  const others = due.filter(({ table }) => table !== reloadsTable.name)
  for (let at = 0; at < others.length; at += inspectMax) {
    const some = others.slice(at, at + inspectMax)
    const held = await inspect(deps, deps.inspector, batch.id, some, call)
    if (!some.every((chunk, index) => isWhole(chunk, held[index]))) return false
  }
  return true
}

const send = async (
  { mender, inspector, clock }: TableRebuildDeps,
  batch: Batch,
  chunk: Chunk,
  bytes: Uint8Array,
  call: Call,
): Promise<Outcome> => {
  const file = { bytes, token: tokenOf(batch.id, chunk.n) }
  let isAgain = false
  try {
    await persist(clock, call, async () => {
      // What is unknown may have landed.
      const [held] = isAgain ? await inspector.inspect(batch.id, [chunk], call.signal) : []
      isAgain = true
      if (!held || held.rows === 0) await mender.fill(batch.id, chunk, file, call.signal)
    })
    return { kind: 'sent' }
  } catch (error) {
    if (!isFault(error, 'TARGET_REFUSED_DATA')) throw error
    const mend = 'mend the table, and rebuild again'
    return left('chunk-refused', batch, chunk, { why: error.message, mend })
  }
}

/** Asked again with what was erased meanwhile left out: such rows would be back. */
const verify = async (
  deps: TableRebuildDeps,
  { batch, manifest }: Filling,
  filled: readonly Chunk[],
  call: Call,
): Promise<readonly Outcome[]> => {
  if (filled.length === 0) return []
  // Before what was erased is read: while one goes on nobody can tell what it has seen of ours.
  await refuseErasure(deps, call)
  const { chunks } = await withoutErased(deps, manifest, call)
  const due = filled.map((chunk) => chunks.find(({ n }) => n === chunk.n) ?? chunk)
  const held = await inspect(deps, deps.inspector, batch.id, due, call)
  return due.map((chunk, index): Outcome => {
    const own = held[index] ?? { rows: 0, distinct: 0 }
    return isWhole(chunk, own) ? { kind: 'filled', rows: own.rows } : wrong(batch, chunk, own)
  })
}

const wrong = (batch: Batch, chunk: Chunk, { rows, distinct }: Holding): Outcome =>
  left('chunk-partial', batch, chunk, {
    why: `it holds ${rows} rows, ${distinct} of them distinct, of ${chunk.rows}`,
    mend: `silversmith repair ${batch.id}`,
  })

const left = (
  kind: TableRebuildFinding['kind'],
  batch: Batch,
  { n, table }: Chunk,
  { why, mend }: Pick<TableRebuildFinding, 'why' | 'mend'>,
): Outcome => {
  const finding = { kind, batch: batch.id, chunk: tokenOf(batch.id, n), table, why, mend }
  return { kind: 'left', finding }
}
