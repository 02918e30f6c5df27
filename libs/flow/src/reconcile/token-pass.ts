import { type Batch, type Inspector, reloadsTable, type Versioned } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import { createTally, type Tally } from './reconcile-report.ts'
import type { Position } from './position.ts'
import type { Piece, ReconcileDeps } from './reconcile-room.ts'

/** Tokens asked for at a time, and batches read at a time. */
const tokensMax = 20_000
const readsMax = 1_000

/** Targets ⟷ ledger: every chunk that has rows must be one of a sealed batch. */
export const passTokens = async function* (
  deps: ReconcileDeps,
  start: Position,
  call: Call,
): AsyncGenerator<Piece> {
  const tables = deps.tables ? [...new Set([...deps.tables, reloadsTable.name])] : []
  const places = deps.inspectors.flatMap((inspector) =>
    tables.map((table) => ({ inspector, table })),
  )
  const at = places.findIndex(
    ({ inspector, table }) => inspector.name === start.target && table === start.table,
  )
  for (const [index, { inspector, table }] of places.slice(Math.max(0, at)).entries()) {
    let from = index === 0 && at >= 0 ? start.from : undefined
    for (;;) {
      const place = from
      const tokens = await persist(deps.clock, call, () =>
        inspector.listTokens(table, place, tokensMax, call.signal),
      )
      for (let first = 0; first < tokens.length; first += readsMax) {
        const found = createTally()
        const slice = tokens.slice(first, first + readsMax)
        await lookAt(deps, { inspector, table, tokens: slice }, found, call)
        from = slice.at(-1)
        const place = { target: inspector.name, table }
        yield { found, next: { pass: 'tokens', ...place, ...(from !== undefined && { from }) } }
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
}

const lookAt = async (
  { clock, ledger }: ReconcileDeps,
  { inspector, table, tokens }: Place,
  found: Tally,
  call: Call,
): Promise<void> => {
  const named = tokens.map(readName)
  const ids = [...new Set(named.flatMap(({ batch }) => (batch === undefined ? [] : [batch])))]
  const keys = ids.map((id) => ({ kind: 'batch', id }) as const)
  const read = await persist(clock, call, () => ledger.read(keys, call.signal))
  const batches = new Map(ids.map((id, index) => [id, read[index] as Versioned<Batch> | undefined]))
  for (const { chunk, folder, batch, n } of named) {
    const item = batch === undefined ? undefined : batches.get(batch)?.item
    if (item?.manifest && n !== undefined && n < item.manifest.chunks) continue
    found.count('chunksExtra')
    found.find({
      ...{ kind: 'chunk-of-nobody', chunk, target: inspector.name, table },
      ...(batch !== undefined && { batch }),
      why: whyNobody(batch, item),
      mend: `look at the rows with _chunk = '${chunk}' in ${where(table, folder)} and delete them, or keep them; they count in every query`,
    })
  }
}

const where = (table: string, folder: string | undefined): string =>
  folder === undefined ? table : `${table}/${folder}`

const whyNobody = (id: string | undefined, batch: Batch | undefined): string => {
  if (id === undefined) return 'its name is not that of a chunk: somebody else wrote these rows'
  if (!batch)
    return `the ledger has no batch ${id}: somebody else, or another ledger, wrote these rows`
  return batch.manifest
    ? `batch ${id} has ${batch.manifest.chunks} chunks, and this is none of them`
    : `batch ${id} was never sealed (state ${batch.state})`
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
