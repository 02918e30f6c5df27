import { type Batch, Fault, isFault, type Ledger } from '@silversmith/core'
import { listJobs } from '../erasure/erasure-job.ts'
import { changeItem, readItem } from '../ledger-write.ts'
import { readManifest } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { fillChunk, type MendingDeps, rewriteDays } from './chunk-mending.ts'
import { findLosses, inspect, isWhole, type Loss, type LossDeps } from './loss.ts'
import type { ChunkRepair, RepairResult } from './repair-result.ts'
import { stateNames } from './state-name.ts'

export interface RepairDeps extends LossDeps, MendingDeps {
  readonly pipeline: string
  readonly ledger: Ledger
}

export interface RepairOptions {
  /** Says what would be repaired and changes nothing. */
  readonly dryRun?: boolean
}

/**
 * Puts back rows that a target lost of a committed batch, out of what another target holds whole: rows of ClickHouse from the
 * silver files, silver files from the rows of ClickHouse. Only ever called by a person, so that erased rows stay erased.
 *
 * A chunk in ClickHouse is deleted and filled again under tokens no repair had before: those of the first time are still
 * remembered and would be swallowed. Each chunk is looked at again at the end, so that a repair that was killed, or that ran
 * beside another, ends right or says what is wrong; it may be repeated. While it runs readers miss the chunk's rows.
 *
 * Throws when ledger, store or target cannot be reached before anything is changed; what fails later is told per chunk.
 */
export const repairBatch = async (
  deps: RepairDeps,
  id: string,
  call: Call,
  { dryRun = false }: RepairOptions = {},
): Promise<RepairResult> => {
  const batch = (await readItem<Batch>(deps, { kind: 'batch', id }, call))?.item
  const refusal = refusalOf(deps, id, batch)
  if (refusal !== undefined || !batch?.manifest) {
    const reason = refusal ?? 'it names no manifest'
    return { batch: id, outcome: 'refused', reason, intact: 0, chunks: [] }
  }
  if ((await persist(deps.clock, call, () => listJobs(deps, call))).length > 0) {
    const reason = 'an erasure was begun and is not finished: silversmith erase --yes first'
    return { batch: id, outcome: 'refused', reason, intact: 0, chunks: [] }
  }
  const ref = batch.manifest
  const manifest = await persist(deps.clock, call, () => readManifest(deps.store, ref, call.signal))
  const { intact, losses, rejected } = await findLosses(deps, batch, manifest, call)
  const seen = deps.inspectors.map(({ name }) => name)
  const unseen = manifest.targets.filter((name) => !seen.includes(name))
  const reasons = [
    ...unseen.map((name) => `left out, for nobody can look into it: ${name}`),
    ...Object.entries(rejected).map(
      ([name, count]) =>
        `left out, for an operator rejected them: ${count} chunks of ${name}; silversmith batch show ${id} names their files`,
    ),
  ]
  const facts = {
    ...{ batch: id, intact },
    ...(reasons.length > 0 && { reason: reasons.join('; ') }),
  }
  if (dryRun) {
    const chunks = losses.map((loss) => (loss.giver === undefined ? lost(loss) : planned(loss)))
    return { ...facts, outcome: losses.length > 0 ? 'planned' : 'whole', chunks }
  }
  const chunks = await mendLosses(deps, { id, losses }, call)
  const isRight = chunks.every(({ outcome }) => outcome === 'repaired')
  return { ...facts, outcome: isRight ? 'whole' : 'broken', chunks }
}

const refusalOf = (deps: RepairDeps, id: string, batch: Batch | undefined): string | undefined => {
  if (!batch) return `the ledger has no batch ${id}`
  if (batch.pipeline !== deps.pipeline) return `it is of pipeline ${batch.pipeline}`
  if (batch.state === 'S') return 'it is sealed and not committed yet: the sweep applies it'
  if (batch.state !== 'C') return `it is ${stateNames[batch.state]}: nothing of it is in any target`
  return undefined
}

const planned = ({ facts, giver }: Loss): ChunkRepair => ({
  ...facts,
  outcome: 'planned',
  reason: `from the rows in ${giver}`,
})

const lost = ({ facts }: Loss): ChunkRepair => ({
  ...facts,
  outcome: 'reload',
  reason: 'no other target can give its rows whole: reload its sources from bronze',
})

interface Losses {
  readonly id: string
  readonly losses: readonly Loss[]
}

const mendLosses = async (
  deps: RepairDeps,
  { id, losses }: Losses,
  call: Call,
): Promise<readonly ChunkRepair[]> => {
  const isFilling = losses.some(({ facts, giver }) => giver && facts.target !== 'silver')
  const repairs = isFilling ? await raiseRepairs(deps, id, call) : 0
  const isStillOurs = async (): Promise<boolean> =>
    (await readItem<Batch>(deps, { kind: 'batch', id }, call))?.item.repairs === repairs
  const chunks: ChunkRepair[] = []
  for (const loss of losses) {
    if (loss.giver === undefined) {
      chunks.push(lost(loss))
    } else if (deps.clock.now() > call.deadline) {
      chunks.push({ ...loss.facts, outcome: 'left', reason: 'time was over: run it again' })
    } else {
      const hint = await mendLoss(deps, { id, loss, repairs }, isStillOurs, call)
      chunks.push(await judgeAfter(deps, id, loss, hint, call))
    }
  }
  return chunks
}

/** What went wrong, or may have. */
const mendLoss = async (
  deps: RepairDeps,
  { id, loss, repairs }: { readonly id: string; readonly loss: Loss; readonly repairs: number },
  isStillOurs: () => Promise<boolean>,
  call: Call,
): Promise<string | undefined> => {
  const { chunk, facts, giver, expired } = loss
  const isSilver = facts.target === 'silver'
  const mender = deps.menders.find(({ name }) => name === (isSilver ? giver : facts.target))
  if (!mender) return `nothing is set up to mend ${facts.target}`
  try {
    if (!isSilver) {
      await fillChunk(deps, mender, { batch: id, chunk, repairs, expired }, isStillOurs, call)
      return undefined
    }
    const there = await rewriteDays(deps, mender, { batch: id, chunk, expired }, call)
    return there > 0
      ? `${there} of its files are there and not replaced, though one may be wrong: delete that, or restore its earlier version, and run it again`
      : undefined
  } catch (error) {
    if (!isFault(error)) throw error
    return `${error.code}: ${error.message}`
  }
}

const judgeAfter = async (
  deps: RepairDeps,
  id: string,
  { chunk, facts }: Loss,
  hint: string | undefined,
  call: Call,
): Promise<ChunkRepair> => {
  const inspector = deps.inspectors.find(({ name }) => name === facts.target)!
  try {
    const [after] = await inspect(deps, inspector, id, [chunk], call)
    if (after && isWhole(chunk, after)) return { ...facts, after, outcome: 'repaired' }
    const reason = hint ?? 'still not whole: run it again'
    return { ...facts, ...(after && { after }), outcome: 'broken', reason }
  } catch (error) {
    if (!isFault(error)) throw error
    const reason = `what it holds now could not be asked: ${error.code}: ${error.message} Run it again.`
    return { ...facts, outcome: 'broken', reason }
  }
}

/** A number no other repair of the batch has, nor had. */
const raiseRepairs = async (deps: RepairDeps, id: string, call: Call): Promise<number> => {
  let raised: Batch | undefined
  const seconds = Math.floor(deps.clock.now() / 1000)
  const batch = await changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (item) =>
      // No lower than the time, or a ledger that was restored would give a number that its targets remember.
      (raised =
        item?.state === 'C'
          ? { ...item, repairs: Math.max((item.repairs ?? 0) + 1, seconds) }
          : undefined),
    call,
  )
  if (batch?.repairs === undefined || batch !== raised)
    throw new Fault('LEDGER_UNAVAILABLE', `batch ${id} is being changed by others; run it again`)
  return batch.repairs
}
