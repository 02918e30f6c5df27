import {
  type Batch,
  isFault,
  type Ledger,
  type Manifest,
  type ManifestRef,
  type PipelinePin,
} from '@silversmith/core'
import { changeItem, readItem } from '../ledger-write.ts'
import type { Call } from '../patience.ts'
import { isOutdone, rebuildClaims } from './claim-rebuild.ts'
import { createDryLedger } from './dry-ledger.ts'
import { findLosses } from './loss.ts'
import { batchOfManifest, readUnnamed, walkManifests } from './manifest-walk.ts'
import type { RebuildCount, RebuildFinding, RebuildResult } from './repair-result.ts'
import { hasTrace, isStaged, type TraceDeps } from './trace.ts'

export interface RebuildDeps extends TraceDeps {
  readonly pipeline: string
  readonly ledger: Ledger
}

export interface RebuildOptions {
  /** Says what would be written and writes nothing. */
  readonly dryRun?: boolean
  /**
   * `YYYY-MM-DD`: the ledger is taken to be right about batches of earlier days. Must be before the day of the restore's point
   * in time, and of the oldest batch that was open then. Default: all are looked at.
   */
  readonly from?: string
  /** Where an earlier call with the same options left off. A dry run that goes on has forgotten what it would have written before. */
  readonly position?: string
}

const warning =
  'Functions, sweep and queues must be paused since before the restore, for at least as long as a function may run (15 minutes): ' +
  'a sweep that finds a batch of before the restore forming aborts it and deletes its staged rows, and a transform loads again ' +
  'what its claims no longer name. Resume them only when the rebuild is complete.'

const findingsMax = 100

/** First batches that left a trace, oldest first, since they are certain; then the others, newest first. */
type Pass = 'traced' | 'others'

interface Rebuild {
  readonly deps: RebuildDeps
  readonly call: Call
  readonly batches: Record<RebuildCount, number>
  readonly findings: RebuildFinding[]
  findingCount: number
  forming: number
  claims: number
  isPinned: boolean
}

/** One manifest, and what the ledger says of its batch. */
interface Case {
  readonly id: string
  readonly item: Batch | undefined
  readonly manifest: Manifest
  readonly ref: ManifestRef
}

/**
 * Brings a ledger that was restored to a point in time up to what happened since, out of the manifests: each batch is sealed,
 * committed or aborted again, each source of a sealed one gets its claim back, so that nothing is loaded twice and nothing
 * that was acknowledged is lost. docs/adr/0005-ledger-rebuild.md has the argument.
 *
 * Goes on for as long as the call may; hand back `position` until there is none. May be killed anywhere and begun again: it
 * only ever raises (nothing → S → C, F → S, C or A), and writes a batch before its claims, which each run completes.
 *
 * Throws when ledger, store or a target cannot be reached.
 */
export const rebuildLedger = async (
  deps: RebuildDeps,
  call: Call,
  { dryRun = false, from, position }: RebuildOptions = {},
): Promise<RebuildResult> => {
  const ledger = dryRun ? createDryLedger(deps.ledger) : deps.ledger
  const rebuild: Rebuild = {
    ...{ deps: { ...deps, ledger }, call, findings: [], findingCount: 0 },
    ...{ forming: 0, claims: 0, isPinned: false },
    batches: { kept: 0, sealed: 0, committed: 0, aborted: 0, foreign: 0, undecided: 0 },
  }
  const next = await walk(rebuild, from, position)
  const { batches, forming, claims, findings, findingCount } = rebuild
  return {
    ...{ warning, dryRun, batches, forming, claims, findings, findingCount },
    ...(next !== undefined && { position: next }),
  }
}

/** Where time ran out. */
const walk = async (
  rebuild: Rebuild,
  from: string | undefined,
  position: string | undefined,
): Promise<string | undefined> => {
  const { deps, call } = rebuild
  const [begun = 'traced', after] = position?.split(' ') ?? []
  for (const pass of ['traced', 'others'] as const) {
    if (pass === 'traced' && begun !== 'traced') continue
    const start = pass === begun ? after : undefined
    const backward = pass === 'others'
    for await (const key of walkManifests(deps, { from, after: start, backward }, call)) {
      await lookAt(rebuild, pass, key)
      if (deps.clock.now() > call.deadline) return `${pass} ${key}`
    }
  }
  return undefined
}

const lookAt = async (rebuild: Rebuild, pass: Pass, key: string): Promise<void> => {
  const { deps, call } = rebuild
  const id = batchOfManifest(key)
  const item = (await readItem<Batch>(deps, { kind: 'batch', id }, call))?.item
  // The first pass has seen to it.
  if (pass === 'others' && isSealed(item)) return
  try {
    const { manifest, ref } = await readUnnamed(deps, key, call)
    if (manifest.pipeline !== deps.pipeline) {
      if (pass === 'traced') rebuild.batches.foreign += 1
    } else if (pass === 'traced') {
      await settleTraced(rebuild, { id, item, manifest, ref })
    } else {
      await settleOther(rebuild, { id, item, manifest, ref })
    }
  } catch (error) {
    if (!isFault(error, 'OBJECT_GONE', 'OBJECT_UNREADABLE', 'STORE_CONFLICT')) throw error
    if (pass === 'others') return
    rebuild.batches.undecided += 1
    find(rebuild, id, key, `a manifest cannot be read: ${error.message}`)
  }
}

const isSealed = (item: Batch | undefined): boolean => item?.state === 'S' || item?.state === 'C'

const find = (rebuild: Rebuild, batch: string, manifest: string, problem: string): void => {
  rebuild.findingCount += 1
  if (rebuild.findings.length < findingsMax) rebuild.findings.push({ batch, manifest, problem })
}

const settleTraced = async (rebuild: Rebuild, one: Case): Promise<void> => {
  const { deps, call, batches } = rebuild
  const { id, item, manifest, ref } = one
  if (item?.state === 'F') rebuild.forming += 1
  if (isSealed(item) && item?.manifest?.sha256 !== ref.sha256) {
    batches.undecided += 1
    return find(rebuild, id, ref.key, 'the ledger has it sealed with another manifest')
  }
  if (!isSealed(item) && !(await hasTrace(deps, manifest, call))) return
  if (item?.state === 'C') {
    batches.kept += 1
  } else if (await isStaged(deps, manifest, call)) {
    if (item?.state !== 'S') await putBack(rebuild, one, 'S')
    batches[item?.state === 'S' ? 'kept' : 'sealed'] += 1
  } else {
    await putBackCommitted(rebuild, one)
  }
  await complete(rebuild, manifest)
}

/** Sealed, and its staging deleted: that happens after the commit only. */
const putBackCommitted = async (rebuild: Rebuild, one: Case): Promise<void> => {
  const { deps, call, batches } = rebuild
  const { id, manifest, ref } = one
  const perhapsRejected = Object.fromEntries(manifest.targets.map((name) => [name, 0]))
  const compared = { id, rejected: perhapsRejected }
  const { losses, rejected } = await findLosses({ ...deps, menders: [] }, compared, manifest, call)
  await putBack(rebuild, one, 'C', rejected)
  batches.committed += 1
  if (losses.length === 0) return
  const places = losses.slice(0, 3).map(({ facts }) => `chunk ${facts.n} in ${facts.target}`)
  const more = losses.length > 3 ? ` and ${losses.length - 3} more` : ''
  find(
    rebuild,
    id,
    ref.key,
    `committed, but not whole (${places.join(', ')}${more}): silversmith repair ${id}`,
  )
}

const settleOther = async (rebuild: Rebuild, one: Case): Promise<void> => {
  const { deps, call, batches } = rebuild
  const { id, item, manifest, ref } = one
  const { chunks, quarantine } = manifest
  const unseen = manifest.targets.filter(
    (target) => target !== 'silver' && !deps.inspectors.some(({ name }) => name === target),
  )
  if (item?.state === 'A' || (await isOutdone(deps, manifest, call))) {
    await abort(rebuild, one)
    batches.aborted += 1
  } else if (chunks.length + quarantine.length === 0) {
    await putBack(rebuild, one, 'C')
    await complete(rebuild, manifest)
    batches.committed += 1
  } else if (await isStaged(deps, manifest, call)) {
    await putBack(rebuild, one, 'S')
    await complete(rebuild, manifest)
    batches.sealed += 1
  } else if (chunks.length > 0 && unseen.length > 0) {
    batches.undecided += 1
    const doubt = `cannot tell whether it was committed or aborted, for nobody can look into ${unseen.join(' and ')}`
    find(rebuild, id, ref.key, `${doubt}; its sources may be loaded there a second time`)
  } else {
    await abort(rebuild, one)
    batches.aborted += 1
  }
}

const owner = 'ledger-rebuild'

const putBack = async (
  { deps, call }: Rebuild,
  { id, manifest, ref }: Case,
  state: 'S' | 'C',
  rejected: Readonly<Record<string, number>> = {},
): Promise<void> => {
  const done = Object.fromEntries(manifest.targets.map((name) => [name, manifest.chunks.length]))
  const settled: Partial<Batch> = {
    ...(state === 'C' && { done }),
    ...(Object.keys(rejected).length > 0 && { rejected }),
  }
  await changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (found) => {
      if (found?.state === 'C' || found?.state === state) return undefined
      if (found?.state === 'S') return { ...found, ...settled, state }
      return {
        ...{ kind: 'batch', id, pipeline: deps.pipeline, state, owner, leaseUntil: 0 },
        ...{ sourceCount: manifest.sources.length, manifest: ref, sealedAt: manifest.createdAt },
        ...settled,
      }
    },
    call,
  )
}

/** `failed`, as if its worker had said so: nothing speaks against its sources. */
const abort = async ({ deps, call }: Rebuild, { id, manifest }: Case): Promise<void> => {
  await changeItem<Batch>(
    deps,
    { kind: 'batch', id },
    (found) => {
      if (found && found.state !== 'F') return undefined
      return {
        ...{ kind: 'batch', id, pipeline: deps.pipeline, state: 'A', owner, leaseUntil: 0 },
        ...{ sourceCount: manifest.sources.length, end: 'failed' },
      }
    },
    call,
  )
}

/** What a sealed batch needs beside its own item. */
const complete = async (rebuild: Rebuild, manifest: Manifest): Promise<void> => {
  const { deps, call } = rebuild
  rebuild.claims += await rebuildClaims(deps, manifest, call)
  if (rebuild.isPinned) return
  const { pipeline: id } = deps
  const targets = manifest.targets.toSorted()
  await changeItem<PipelinePin>(
    deps,
    { kind: 'pipeline', id },
    (pin) => (pin ? undefined : { kind: 'pipeline', id, targets }),
    call,
  )
  rebuild.isPinned = true
}
