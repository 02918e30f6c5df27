import { type Clock, type FileFacts, isFault, type Store } from '@silversmith/core'
import { hashOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { erasurePrefix } from './erasure-record.ts'

interface ReplacementDeps {
  readonly store: Store
  readonly clock: Clock
}

export const parquetType = 'application/vnd.apache.parquet'
export const linesType = 'application/x-ndjson'

/** New contents of files, until these have them: the rest of the key is that of the file. */
const newPrefix = `${erasurePrefix}files/`

/**
 * Puts other bytes under the key of a file, of which no version is left. They are written beside it first: whoever is killed
 * in between leaves them to `finishReplacements`. While it runs readers may miss the file.
 */
export const replaceFile = async (
  deps: ReplacementDeps,
  key: string,
  { bytes, contentType }: { readonly bytes: Uint8Array; readonly contentType: string },
  call: Call,
): Promise<void> => {
  const { store, clock } = deps
  const beside = `${newPrefix}${key}`
  const file = { sha256: hashOf(bytes), contentType }
  const write = () => persist(clock, call, () => store.write(beside, bytes, file, call.signal))
  await write().catch(async (error: unknown) => {
    // Of a try before, perhaps by another release. The file itself is still there: nothing rests on it.
    if (!isFault(error, 'STORE_CONFLICT')) throw error
    await persist(clock, call, () => store.purge(beside, call.signal))
    await write()
  })
  await moveIn(deps, key, file, call)
}

const moveIn = async (
  { store, clock }: ReplacementDeps,
  key: string,
  file: FileFacts,
  call: Call,
): Promise<void> => {
  const beside = `${newPrefix}${key}`
  await persist(clock, call, () => store.purge(key, call.signal))
  await persist(clock, call, () => store.copy(beside, key, file, call.signal))
  await persist(clock, call, () => store.purge(beside, call.signal))
}

/**
 * Ends what was begun before, file by file. Of a file that is still there the new contents are thrown away, for it may have been
 * replayed since: whoever goes on makes them again.
 */
export const finishReplacements = async (deps: ReplacementDeps, call: Call): Promise<void> => {
  const { store, clock } = deps
  for await (const beside of store.list(newPrefix, call.signal)) {
    const key = beside.slice(newPrefix.length)
    if (await persist(clock, call, () => store.look(key, call.signal))) {
      await persist(clock, call, () => store.purge(beside, call.signal))
      continue
    }
    const bytes = await persist(clock, call, () => store.read(beside, undefined, call.signal))
    const contentType = key.endsWith('.parquet') ? parquetType : linesType
    await moveIn(deps, key, { sha256: hashOf(bytes), contentType }, call)
  }
}
