import {
  type Batch,
  type Chunk,
  type Clock,
  type Holding,
  type Inspector,
  type Manifest,
  type RowOrigin,
  type Store,
  tokenOf,
} from '@silversmith/core'
import { silverKeyOf } from '../apply/silver-target.ts'
import { describeFailure } from '../failure.ts'
import { type Call, persist } from '../patience.ts'
import { inspectMax } from '../repair/loss.ts'
import { refusedFilesOf } from '../repair/refused-file.ts'

export interface ChunkStoryDeps {
  readonly store: Store
  readonly clock: Clock
  /** Of every target that can be looked into. */
  readonly inspectors: readonly Inspector[]
  /** Both end with a slash. */
  readonly silverPrefix: string
  readonly quarantinePrefix: string
}

/**
 * What a target has of a chunk. `applied`: the ledger says it took it. `waiting`: not yet. `rejected`: an operator took it out.
 * `unseen`: it could not be asked.
 */
export interface Share {
  readonly target: string
  readonly state: 'applied' | 'waiting' | 'rejected' | 'unseen'
  readonly rows: number
  readonly distinct: number
  /** Rows of the whole chunk that it lacks and need not have: they are older than its table keeps rows. 0 with an origin. */
  readonly expired: number
  /** Keys: of silver files with such rows, or of the refused chunk in quarantine. */
  readonly files: readonly string[]
  /** Why it could not be asked, or why it waits. */
  readonly problem: string | undefined
}

export interface ChunkStory {
  readonly token: string
  readonly n: number
  readonly table: string
  /** `YYYY-MM` */
  readonly month: string
  /** Of the whole chunk. */
  readonly rows: number
  readonly shares: readonly Share[]
}

/** What each target of the batch has of these chunks; with an origin, of its rows alone. */
export const tellChunks = async (
  deps: ChunkStoryDeps,
  { batch, manifest }: { readonly batch: Batch; readonly manifest: Manifest },
  chunks: readonly Chunk[],
  origin: RowOrigin | undefined,
  call: Call,
): Promise<readonly ChunkStory[]> => {
  const held = new Map<string, readonly Held[] | string>()
  for (const target of manifest.targets)
    held.set(target, await lookInto(deps, { target, batch: batch.id, origin }, chunks, call))
  const stories: ChunkStory[] = []
  for (const [at, chunk] of chunks.entries()) {
    const shares: Share[] = []
    for (const [target, found] of held) {
      const own = typeof found === 'string' ? found : (found[at] ?? nothing)
      shares.push(await tellShare(deps, { batch, manifest, chunk, target }, own, call))
    }
    const { n, table, month, rows } = chunk
    stories.push({ token: tokenOf(batch.id, n), n, table, month, rows, shares })
  }
  return stories
}

/** What a target holds of a chunk, and in which silver files. */
interface Held extends Required<Holding> {
  readonly files: readonly string[]
}

const nothing: Held = { rows: 0, distinct: 0, expired: 0, files: [] }

interface Asked {
  readonly target: string
  readonly batch: string
  readonly origin: RowOrigin | undefined
}

/** Or why it could not be looked into. */
const lookInto = async (
  { inspectors, clock, silverPrefix }: ChunkStoryDeps,
  { target, batch, origin }: Asked,
  chunks: readonly Chunk[],
  call: Call,
): Promise<readonly Held[] | string> => {
  const inspector = inspectors.find(({ name }) => name === target)
  if (!inspector) return 'TARGETS does not name it here'
  // Of silver each file by itself: a day of a chunk is one.
  const parts =
    target === 'silver'
      ? chunks.flatMap((chunk) => (chunk.days ?? []).map((day) => ({ ...chunk, days: [day] })))
      : chunks
  try {
    const held = new Map<number, Held>()
    for (let at = 0; at < parts.length; at += inspectMax) {
      const some = parts.slice(at, at + inspectMax)
      const ask = () => inspector.inspect(batch, some, call.signal, origin)
      for (const [index, holding] of (await persist(clock, call, ask)).entries()) {
        const part = some[index]
        if (!part) continue
        const { rows, distinct, expired = 0 } = holding
        const known = held.get(part.n) ?? nothing
        const days = target === 'silver' && rows > 0 ? (part.days ?? []) : []
        const files = days.map(({ day }) => silverKeyOf(silverPrefix, batch, part, day))
        held.set(part.n, {
          ...{ rows: known.rows + rows, distinct: known.distinct + distinct },
          expired: known.expired + expired,
          files: [...known.files, ...files],
        })
      }
    }
    return chunks.map(({ n }) => held.get(n) ?? nothing)
  } catch (error) {
    const { code, message } = describeFailure(error)
    return `${code}: ${message}`
  }
}

interface Place {
  readonly batch: Batch
  readonly manifest: Manifest
  readonly chunk: Chunk
  readonly target: string
}

const tellShare = async (
  deps: ChunkStoryDeps,
  { batch, manifest, chunk, target }: Place,
  held: Held | string,
  call: Call,
): Promise<Share> => {
  if (typeof held === 'string') return { ...nothing, target, state: 'unseen', problem: held }
  const { rows, files: own } = held
  const done = batch.state === 'C' ? manifest.chunks.length : (batch.done?.[target] ?? 0)
  if (manifest.chunks.findIndex(({ n }) => n === chunk.n) >= done) {
    const problem = batch.problems?.[target]
    return { ...held, target, state: 'waiting', problem }
  }
  const refused = refusedFilesOf(deps.quarantinePrefix, manifest, chunk, target)
  const [first] = batch.rejected?.[target] === undefined || rows > 0 ? [] : refused
  const isRejected =
    first !== undefined &&
    (await persist(deps.clock, call, () => deps.store.look(first.key, call.signal))) !== undefined
  const files = isRejected ? refused.map(({ key }) => key) : own
  const state = isRejected ? 'rejected' : 'applied'
  return { ...held, target, state, files, problem: undefined }
}
