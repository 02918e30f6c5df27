import { createHash } from 'node:crypto'
import type { Bronze, ListedObject, Store } from '@silversmith/core'
import { Fault, readObjectsMessage, routeOf } from '@silversmith/core'
import type { BulkDeps } from '@silversmith/flow'
import { continueJob, startJob } from '@silversmith/flow'
import { createMemoryIds } from '../memory/memory-ids.ts'
import { createMemoryLedger } from '../memory/memory-ledger.ts'

/** A process that walked a job, when it had come so far. */
export interface KeysMark {
  readonly keys: number
  /** Since the mark before. */
  readonly seconds: number
  readonly rssMib: number
}

export interface KeysReport {
  readonly keys: number
  readonly sent: number
  /** Sent more often than once, or never. */
  readonly wrong: number
  readonly slices: number
  readonly sliceBytes: number
  readonly calls: number
  /** One for each tenth. */
  readonly marks: readonly KeysMark[]
}

const pageMax = 1_000
const sections = 40
const days = 400
const firstDay = Date.UTC(2025, 0, 1)
const dayMs = 86_400_000
const bytesPerMib = 1_048_576
/** As a Lambda with little time: the job goes from call to call. */
const callMs = 10_000

/** Of 40 sections and 400 days, in the order of S3: section by section, day by day. */
const keyOf = (n: number, keys: number): string => {
  const perSection = Math.ceil(keys / sections)
  const section = String(Math.floor(n / perSection) + 1_000)
  const at = n % perSection
  const ms = firstDay + Math.floor((at * days * dayMs) / perSection)
  const time = new Date(ms).toISOString().replaceAll(':', '-').replace('Z', '000Z')
  const id = createHash('md5').update(String(n)).digest('hex').toUpperCase()
  return `section/${section}/attempt_evaluated/${time}_${id}.jsonl`
}

const createManyBronze = (keys: number): Pick<Bronze, 'list'> => ({
  list: async (bucket, prefix, from) => {
    if (prefix !== 'section/') throw new RangeError(`nobody lists ${prefix} here`)
    const begin = Number(from ?? 0)
    const end = Math.min(keys, begin + pageMax)
    const objects: ListedObject[] = []
    for (let n = begin; n < end; n += 1) {
      const key = keyOf(n, keys)
      const etag = n.toString(16).padStart(32, '0')
      const object = { bucket, key, version: etag, versioned: false }
      objects.push({ object, etag, sizeBytes: 3_000, lastModified: firstDay })
    }
    return { objects, next: end < keys ? String(end) : undefined }
  },
})

/** Keeps the last slice only, and counts: what is written is S3's to keep. */
const createForgetfulStore = () => {
  const counts = { files: 0, bytes: 0 }
  const never = (): never => {
    throw new RangeError('a job that goes on does not ask for that')
  }
  let last: { readonly key: string; readonly bytes: Uint8Array } | undefined
  const store: Store = {
    write: async (key, bytes) => {
      last = { key, bytes }
      counts.files += 1
      counts.bytes += bytes.length
    },
    read: async (key) => {
      if (last?.key === key) return last.bytes
      throw new Fault('OBJECT_GONE', `no file ${key}`)
    },
    look: async () => undefined,
    // Nothing of the job is there when it begins.
    list: async function* () {},
    ...{ copy: never, remove: never, purge: never },
  }
  return { store, counts }
}

/** Walks a job over keys that a lister makes up, with the production code and nothing else that grows. */
export const walkManyKeys = async (
  keys: number,
  onMark: (mark: KeysMark) => void = () => undefined,
): Promise<KeysReport> => {
  const { store, counts } = createForgetfulStore()
  const clock = {
    now: Date.now,
    sleep: async (ms: number) => void (await new Promise((resolve) => setTimeout(resolve, ms))),
  }
  // A bit for each key, by the number its version is.
  const seen = new Uint8Array(Math.ceil(keys / 8))
  let sent = 0
  let twice = 0
  const marks: KeysMark[] = []
  const markEvery = Math.ceil(keys / 10)
  let markedAt = Date.now()
  const mark = (): void => {
    globalThis.gc?.()
    const seconds = (Date.now() - markedAt) / 1_000
    marks.push({ keys: sent, seconds, rssMib: process.memoryUsage().rss / bytesPerMib })
    onMark(marks.at(-1) as KeysMark)
    markedAt = Date.now()
  }
  const send = (body: string): void => {
    const message = readObjectsMessage('keys', body)
    const n = message?.kind === 'source' ? Number.parseInt(message.source.object.version, 16) : 0
    const bit = 1 << (n & 7)
    if ((seen[n >> 3] ?? 0) & bit) twice += 1
    seen[n >> 3] = (seen[n >> 3] ?? 0) | bit
    sent += 1
    if (sent % markEvery === 0 || sent === keys) mark()
  }
  const routes = [{ prefix: 'section/', suffixes: ['.jsonl'], dataset: 'xapi_events' }]
  if (routeOf(routes, keyOf(0, keys)) === undefined) throw new RangeError('no key has a route')
  const deps: BulkDeps = {
    ...{ pipeline: 'keys', routes, bronze: createManyBronze(keys), store, clock },
    ...{ ledger: createMemoryLedger(), queue: { send: async (body) => send(body) } },
    ...{ ids: createMemoryIds(1, clock), log: { emit: () => undefined } },
  }
  const callOf = () => ({ deadline: Date.now() + callMs, signal: new AbortController().signal })
  const request = { bucket: 'bronze', prefixes: ['section/'], window: {}, force: false }
  await startJob(deps, { id: 'all', request }, callOf())
  let calls = 0
  for (let next = true; next; calls += 1) next = (await continueJob(deps, 'all', callOf())).next
  const wrong = twice + Math.abs(keys - (sent - twice))
  return {
    ...{ keys, sent, wrong, slices: counts.files, sliceBytes: counts.bytes, calls, marks },
  }
}
