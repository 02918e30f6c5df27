import type { ErasedRecord } from '@silversmith/core'
import { hashOf } from '../manifest.ts'
import { type Call, persist } from '../patience.ts'
import { type ErasureDeps, erasurePrefix } from './erasure-record.ts'

/** Records that are to be erased; there from before the first is until after the last was, so that whoever comes next goes on. */
export interface ErasureJob {
  readonly dataset: string
  readonly records: readonly ErasedRecord[]
}

const jobPrefix = `${erasurePrefix}open/`

interface JobFile {
  readonly version: 1
  readonly dataset: string
  readonly sources: readonly {
    readonly source: string
    readonly objectVersion: string
    readonly records: readonly (readonly [record: number, line: number | null])[]
  }[]
}

/** Returns its key. */
export const openJob = async (
  { store, clock }: ErasureDeps,
  { dataset, records }: ErasureJob,
  call: Call,
): Promise<string> => {
  const groups = Map.groupBy(records, ({ source, version }) => `${source}\n${version}`)
  const sources = [...groups.values()].map((some) => {
    const { source, version: objectVersion } = some[0]!
    return {
      source,
      objectVersion,
      records: some.map(({ record, line }) => [record, line] as const),
    }
  })
  const content: JobFile = { version: 1, dataset, sources }
  const bytes = Buffer.from(JSON.stringify(content))
  const sha256 = hashOf(bytes)
  const key = `${jobPrefix}${sha256}.json`
  const file = { sha256, contentType: 'application/json' }
  await persist(clock, call, () => store.write(key, bytes, file, call.signal))
  return key
}

export const listJobs = async (
  { store }: ErasureDeps,
  { signal }: Pick<Call, 'signal'>,
): Promise<readonly string[]> => {
  const keys: string[] = []
  for await (const key of store.list(jobPrefix, signal)) keys.push(key)
  return keys
}

export const readJob = async (
  { store, clock }: ErasureDeps,
  key: string,
  call: Call,
): Promise<ErasureJob> => {
  const bytes = await persist(clock, call, () => store.read(key, undefined, call.signal))
  const { dataset, sources } = JSON.parse(Buffer.from(bytes).toString()) as JobFile
  const records = sources.flatMap(({ source, objectVersion: version, records: own }) =>
    own.map(([record, line]) => ({ source, version, record, line })),
  )
  return { dataset, records }
}

export const closeJob = ({ store, clock }: ErasureDeps, key: string, call: Call): Promise<void> =>
  persist(clock, call, () => store.purge(key, call.signal))
