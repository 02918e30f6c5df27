import type { Batch, Ledger, Manifest, Store } from '@silversmith/core'
import { readManifest } from '@silversmith/flow'
import type { SealedBatch } from '../account/history.ts'
import type { Gain, Tally } from './tally.ts'
import { gainOf } from './tally.ts'
import type { BatchLine } from './tick.ts'
import type { Told } from './watch.ts'
import { keyCharsMax } from './watch.ts'

/** Follows batches from their seal to their commit, by the ledger and their manifests; events only say where to look. */
export interface BatchFollower {
  /** Takes up what lies there from before. */
  begin(history: readonly SealedBatch[]): void
  /** Lines of the batches that are new or changed. What cannot be read now is looked at again the next time. */
  follow(told: readonly Told[]): Promise<readonly BatchLine[]>
}

export interface BatchFollowerParts {
  readonly ledger: Ledger
  readonly store: Store
  readonly tally: Tally
  readonly now: () => number
  readonly signal: AbortSignal
}

/** A batch on its way: nothing of it grows with its objects. */
interface Followed {
  /** As it was sealed. */
  readonly sealed: BatchLine
  /** As it stands. */
  readonly line: BatchLine
  /** Target → what it gets when it has all chunks. */
  readonly due: ReadonlyMap<string, Gain>
  /** Creation of its oldest object. */
  readonly createdAt: number | undefined
}

/** Batches looked at in one go; the others have their turn in the next. */
const looksMax = 100

const creationOf = ({ sources }: Manifest): number | undefined => {
  const times = sources.map(({ lastModified }) => lastModified).filter((time) => time > 0)
  return times.length === 0 ? undefined : times.reduce((first, time) => Math.min(first, time))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

const lineOf = (batch: Batch, manifest: Manifest): BatchLine => {
  const { sources, chunks } = manifest
  return {
    id: batch.id,
    sealedAt: batch.sealedAt ?? manifest.createdAt,
    state: 'sealed',
    objects: sources.length,
    firstKey: (sources[0]?.object.key ?? '').slice(0, keyCharsMax),
    rows: sum(sources.map(({ rows }) => rows)),
    rejected: sum(sources.map(({ rejected }) => rejected)),
    chunks: chunks.length,
    done: Object.fromEntries(manifest.targets.map((target) => [target, 0])),
  }
}

/** `committedAt` undefined: it was before anybody watched. */
const advance = (followed: Followed, batch: Batch, committedAt: number | undefined): Followed => {
  const { sealed, createdAt } = followed
  const isCommitted = batch.state === 'C'
  const done = Object.keys(sealed.done).map((target): [string, number] => [
    target,
    isCommitted ? sealed.chunks : (batch.done?.[target] ?? 0),
  ])
  const problem = isCommitted ? undefined : Object.values(batch.problems ?? {})[0]
  const isTimed = isCommitted && createdAt !== undefined && committedAt !== undefined
  return {
    ...followed,
    line: {
      ...sealed,
      state: isCommitted ? 'committed' : 'sealed',
      done: Object.fromEntries(done),
      ...(problem !== undefined && { problem }),
      ...(isTimed && { lagMs: Math.max(0, committedAt - createdAt) }),
    },
  }
}

const has = ({ done, chunks }: BatchLine, target: string): boolean =>
  chunks > 0 && (done[target] ?? 0) >= chunks

export const createBatchFollower = (parts: BatchFollowerParts): BatchFollower => {
  const { ledger, store, tally, signal } = parts
  /** Sealed and not committed, the one looked at longest ago first. */
  const open = new Map<string, Followed>()
  /** Told of and not yet read. */
  const fresh = new Set<string>()
  /** When a commit was told; the ledger does not say. */
  const committedAt = new Map<string, number>()

  const credit = (before: BatchLine, after: BatchLine, due: Followed['due']): void => {
    for (const [target, gain] of due)
      if (has(after, target) && !has(before, target)) tally.addApplied(target, gain)
  }

  const moveOn = (followed: Followed, batch: Batch, at: number | undefined): BatchLine => {
    const next = advance(followed, batch, at)
    credit(followed.line, next.line, followed.due)
    open.delete(batch.id)
    committedAt.delete(batch.id)
    if (batch.state !== 'C') open.set(batch.id, next)
    return next.line
  }

  const take = (batch: Batch, manifest: Manifest, at: number | undefined): BatchLine => {
    tally.addSealed(manifest)
    const due = manifest.targets.map((target): [string, Gain] => [target, gainOf(manifest, target)])
    const sealed = lineOf(batch, manifest)
    const createdAt = creationOf(manifest)
    return moveOn({ sealed, line: sealed, due: new Map(due), createdAt }, batch, at)
  }

  /** None where the ledger does not answer. */
  const look = async (ids: readonly string[]): Promise<readonly Batch[]> => {
    const keys = ids.map((id) => ({ kind: 'batch' as const, id }))
    const found = await ledger.read(keys, signal).catch(() => [])
    return found.flatMap((one) => (one?.item.kind === 'batch' ? [one.item] : []))
  }

  const takeFresh = async (): Promise<readonly BatchLine[]> => {
    const lines: BatchLine[] = []
    for (const batch of await look([...fresh].slice(0, looksMax))) {
      const isSealed = batch.state === 'S' || batch.state === 'C'
      const manifest =
        batch.manifest && isSealed
          ? await readManifest(store, batch.manifest, signal).catch(() => undefined)
          : undefined
      if (manifest) lines.push(take(batch, manifest, committedAt.get(batch.id) ?? parts.now()))
      if (manifest || !isSealed) fresh.delete(batch.id)
    }
    return lines
  }

  const takeOpen = async (): Promise<readonly BatchLine[]> => {
    const batches = await look([...open.keys()].slice(0, looksMax))
    return batches.flatMap((batch) => {
      const followed = open.get(batch.id)
      if (!followed) return []
      const before = JSON.stringify(followed.line)
      const line = moveOn(followed, batch, committedAt.get(batch.id) ?? parts.now())
      return JSON.stringify(line) === before ? [] : [line]
    })
  }

  return {
    begin: (history) => {
      for (const { batch, manifest } of history) take(batch, manifest, undefined)
    },
    follow: async (told) => {
      for (const { batch, kind, at } of told)
        if (kind === 'batch-sealed') fresh.add(batch)
        else if (fresh.has(batch) || open.has(batch)) committedAt.set(batch, at)
      const opened = await takeOpen()
      return [...opened, ...(await takeFresh())]
    },
  }
}
