import {
  adoptedBatch,
  type Batch,
  type Inspector,
  reloadsTable,
  type Versioned,
} from '@silversmith/core'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { createTally, findingsPerKindMax, mendOfManifest, type Tally } from './reconcile-report.ts'
import { stateNames } from '../repair/state-name.ts'
import type { Position } from './position.ts'
import {
  askTarget,
  type Piece,
  type ReconcileDeps,
  type ReconcileRequest,
} from './reconcile-room.ts'

/** Tokens asked for at a time, and batches read at a time. */
const tokensMax = 20_000
const readsMax = 1_000
/** Manifests looked for at a time. */
const looksMax = 16

/** Targets ⟷ ledger: every chunk that has rows must be one of a sealed batch. */
export const passTokens = async function* (
  deps: ReconcileDeps,
  { since }: ReconcileRequest,
  start: Position,
  call: Call,
): AsyncGenerator<Piece> {
  const tables = deps.tables ? [...new Set([...deps.tables, reloadsTable.name])] : []
  // Manifests of before were not looked at: there may be one of a batch the ledger does not know.
  const isUnsure = start.barred !== undefined || since !== undefined
  const { barred } = start
  const gone = new Set<string>()
  const places = deps.inspectors.flatMap((inspector) =>
    tables.map((table) => ({ inspector, table })),
  )
  const at = places.findIndex(
    ({ inspector, table }) => inspector.name === start.target && table === start.table,
  )
  for (const [index, { inspector, table }] of places.slice(Math.max(0, at)).entries()) {
    if (deps.down?.has(inspector.name)) continue
    let from = index === 0 && at >= 0 ? start.from : undefined
    for (;;) {
      const place = from
      const tokens = await askTarget(deps, inspector, call, () =>
        inspector.listTokens(table, place, tokensMax, call.signal),
      )
      for (let first = 0; first < tokens.length; first += readsMax) {
        const found = createTally()
        const slice = tokens.slice(first, first + readsMax)
        await lookAt(deps, { inspector, table, tokens: slice, isUnsure, gone }, found, call)
        from = slice.at(-1)
        const place = { target: inspector.name, table }
        yield {
          found,
          next: {
            pass: 'tokens',
            ...(barred && { barred }),
            ...place,
            ...(from !== undefined && { from }),
          },
        }
      }
      if (tokens.length < tokensMax) break
    }
  }
  yield { found: createTally(), next: undefined }
}

interface Place {
  readonly inspector: Inspector
  readonly table: string
  readonly tokens: readonly string[]
  /** Whether there is a manifest of a batch the ledger lacks. */
  readonly isUnsure: boolean
  /** Batches whose manifest was told to be gone. */
  readonly gone: Set<string>
}

const lookAt = async (
  deps: ReconcileDeps,
  { inspector, table, tokens, isUnsure, gone }: Place,
  found: Tally,
  call: Call,
): Promise<void> => {
  const { clock, ledger } = deps
  // Rows of another system are of no batch, and were moved here on purpose.
  const named = tokens.map(readName).filter(({ batch }) => batch !== adoptedBatch)
  const ids = [...new Set(named.flatMap(({ batch }) => (batch === undefined ? [] : [batch])))]
  const keys = ids.map((id) => ({ kind: 'batch', id }) as const)
  const read = await persist(clock, call, () => ledger.read(keys, call.signal))
  const batches = new Map(ids.map((id, index) => [id, read[index] as Versioned<Batch> | undefined]))
  const sealed = [...batches.values()].flatMap((read) => (read?.item.manifest ? [read.item] : []))
  await tellGone(deps, { sealed, gone, place: `${inspector.name}, table ${table}` }, found, call)
  for (const { chunk, folder, batch, n } of named) {
    const item = batch === undefined ? undefined : batches.get(batch)?.item
    if (item?.manifest && n !== undefined && n < item.manifest.chunks) continue
    found.count('chunksExtra')
    const mayBeLost = batch !== undefined && !item?.manifest && (isUnsure || item !== undefined)
    found.find({
      ...{ kind: 'chunk-of-nobody', chunk, target: inspector.name, table },
      ...(batch !== undefined && { batch }),
      why: whyNobody(batch, item),
      mend: mayBeLost
        ? rebuildFirst
        : `look at the rows with _chunk = '${chunk}' in ${where(table, folder)} and delete them, or keep them; they count in every query`,
    })
  }
}

const rebuildFirst =
  'silversmith ledger rebuild, then reconcile again without --since. Delete nothing before: these rows may be good'

/** Of batches the ledger has sealed and that have rows in a target: what nobody finds who only lists the manifests there are. */
const tellGone = async (
  { clock, store, pipeline }: ReconcileDeps,
  {
    sealed,
    gone,
    place,
  }: { readonly sealed: readonly Batch[]; readonly gone: Set<string>; readonly place: string },
  found: Tally,
  call: Call,
): Promise<void> => {
  const own = sealed.filter(({ id, pipeline: of }) => of === pipeline && !gone.has(id))
  const looked = await mapConcurrently(own, looksMax, ({ manifest }) =>
    persist(clock, call, () => store.look(manifest?.key ?? '', call.signal)),
  )
  for (const [index, { id, manifest }] of own.entries()) {
    if (looked[index] || !manifest) continue
    if (gone.size < findingsPerKindMax) gone.add(id)
    found.find({
      ...{ kind: 'manifest-unreadable', batch: id },
      why: `its manifest ${manifest.key} is gone, and there are rows of it in ${place}`,
      mend: mendOfManifest(manifest.key),
    })
  }
}

const where = (table: string, folder: string | undefined): string =>
  folder === undefined ? table : `${table}/${folder}`

const whyNobody = (id: string | undefined, batch: Batch | undefined): string => {
  if (id === undefined) return 'its name is not that of a chunk: somebody else wrote these rows'
  if (!batch)
    return `the ledger has no batch ${id}: it lost that, or somebody else wrote these rows`
  return batch.manifest
    ? `batch ${id} has ${batch.manifest.chunks} chunks, and this is none of them`
    : `batch ${id} was never sealed, it is ${stateNames[batch.state]}`
}

interface Named {
  /** Token, or what it is called by whoever wrote it. */
  readonly chunk: string
  readonly folder?: string
  readonly batch?: string
  readonly n?: number
}

const readName = (name: string): Named => {
  const [, folder, chunk, batch, n] = /^(?:(dt=[\d-]+)\/)?((.+)#(\d+))$/.exec(name) ?? []
  if (chunk === undefined || batch === undefined) return { chunk: name }
  return { chunk, batch, n: Number(n), ...(folder !== undefined && { folder }) }
}
