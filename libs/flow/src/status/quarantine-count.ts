import { type Bronze, type Clock, type Ledger, sourceIdOf, type Store } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import { type QuarantinePlace, readQuarantineKey } from '../quarantine/quarantine-file.ts'

export interface QuarantineCountDeps {
  readonly pipeline: string
  readonly bronze: Pick<Bronze, 'list'>
  readonly store: Pick<Store, 'list'>
  readonly ledger: Ledger
  readonly clock: Clock
  readonly quarantineFiles: QuarantinePlace
}

/** Files of one dataset and reason. */
export interface QuarantineCount {
  readonly dataset: string
  readonly reason: string
  readonly files: number
  /** Of them those that nobody has sent through transform again. */
  readonly open: number
  /** There are more than were counted. */
  readonly isCut: boolean
  /** `YYYY-MM-DD`; of the counted ones. */
  readonly lastDay: string
}

/** Pairs of dataset and reason that are looked at. */
const foldersMax = 200
/** Sorts after whatever a folder holds. */
const afterAll = '~'

/**
 * How many files there are by dataset and reason: the first thousand of each, without reading one. Refused chunks are not among
 * them: they are counted by their batches.
 */
export const countQuarantine = async (
  deps: QuarantineCountDeps,
  call: Call,
): Promise<readonly QuarantineCount[]> => {
  const { bucket, prefix } = deps.quarantineFiles
  const counts: QuarantineCount[] = []
  let from: string | undefined
  for (let folders = 0; folders < foldersMax; folders += 1) {
    const key = await firstKey(deps, from, call)
    if (key === undefined) break
    const [folder] = /^[^/]+\/reason=[^/]+\//.exec(key.slice(prefix.length)) ?? []
    from = `${folder === undefined ? key : prefix + folder}${afterAll}`
    if (folder === undefined) continue
    const { objects, next } = await persist(deps.clock, call, () =>
      deps.bronze.list(bucket, prefix + folder, undefined, call.signal),
    )
    const files = objects.flatMap(({ object }) => {
      const file = readQuarantineKey(prefix, object.key)
      return file ? [{ ...file, object }] : []
    })
    const [first] = files
    if (!first) continue
    const keys = files.map(
      ({ object }) => ({ kind: 'claim', id: sourceIdOf(deps.pipeline, object) }) as const,
    )
    const claims = await persist(deps.clock, call, () => deps.ledger.read(keys, call.signal))
    counts.push({
      ...{ dataset: first.dataset, reason: first.reason, files: files.length },
      open: claims.filter((claim) => claim === undefined).length,
      isCut: next !== undefined,
      lastDay: files.reduce((last, { day }) => (day > last ? day : last), ''),
    })
  }
  return counts
}

const firstKey = (
  { store, clock, quarantineFiles: { prefix } }: QuarantineCountDeps,
  from: string | undefined,
  call: Call,
): Promise<string | undefined> =>
  persist(clock, call, async () => {
    for await (const key of store.list(prefix, call.signal, from)) return key
    return undefined
  })
