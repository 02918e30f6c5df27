import type { Dataset, Disposition, Limits } from '@silversmith/core'
import { isFault, sourceIdOf } from '@silversmith/core'
import {
  type ChunkBuilder,
  createCounts,
  createDriftTally,
  createKindTally,
  createGate,
  type Quarantine,
  readSource,
  type ReadOptions,
} from '@silversmith/flow'
import { createMemoryClock } from '../memory/memory-clock.ts'
import type { FuzzInput } from './fuzz-input.ts'
import { nothingOf, type Outcome, type SeenRejection, type SeenRow } from './outcome.ts'

export interface FuzzedBody {
  readonly key: string
  readonly body: AsyncIterable<Uint8Array>
  /** As stored. */
  readonly sizeBytes: number
  readonly contentEncoding: string | undefined
  readonly dataset: Dataset
  readonly limits: Limits
}

const dispositions: Readonly<Record<string, Disposition>> = {
  OBJECT_UNREADABLE: 'unreadable',
  OBJECT_TOO_LARGE: 'too-large',
}

const clock = createMemoryClock()
const call = { deadline: Number.POSITIVE_INFINITY, signal: new AbortController().signal }
const lastModified = Date.UTC(2026, 0, 15)

/** Through the production reader, with its rows and rejections gathered as they come. Throws what is no disposition. */
export const readInput = (input: FuzzInput): Promise<Outcome> => {
  const body = piecesOf(input.bytes, input.pieceBytes)
  return readBody({ ...input, body, sizeBytes: input.bytes.length })
}

export const readBody = async (object: FuzzedBody): Promise<Outcome> => {
  const { body, contentEncoding, dataset, key, limits, sizeBytes } = object
  const rows: SeenRow[] = []
  const rejections: SeenRejection[] = []
  const counts = createCounts()
  const ref = { bucket: 'b', key, version: 'v', versioned: true }
  const options: ReadOptions = {
    source: { id: sourceIdOf('p', ref), object: ref, dataset: dataset.name, generation: 0 },
    ...{ dataset, limits, clock, call, counts },
    bronze: {
      open: async () => ({
        ...{ sizeBytes, lastModified, contentType: undefined, contentEncoding, body },
      }),
    },
    chunks: chunksInto(rows, dataset),
    quarantine: quarantineInto(rejections),
    loadedAtMicros: 0,
    readUntil: Number.POSITIVE_INFINITY,
    ...{ contract: 'rescue', drift: createDriftTally(), kinds: createKindTally([dataset]) },
    hasAllTime: false,
    largeRecords: createGate(1),
  }
  try {
    await readSource(options)
  } catch (error) {
    const disposition = isFault(error) ? dispositions[error.code] : undefined
    if (disposition === undefined) throw error
    return nothingOf(disposition)
  }
  return { disposition: counts.rows > 0 ? 'rows' : 'empty', counts, rows, rejections }
}

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

const nothingToDo = async (): Promise<void> => undefined
const unbroken = (): undefined => undefined

const chunksInto = (rows: SeenRow[], dataset: Dataset): ChunkBuilder => ({
  addRow: ({ table, values }, _origin, { record, part, line }) => {
    const columns = dataset.tables.find(({ name }) => name === table)?.columns ?? []
    const at = columns.findIndex(({ name }) => name === 'event_hash')
    rows.push({ table, record, part, line, hash: at < 0 ? undefined : String(values[at]) })
  },
  isFull: () => false,
  settle: nothingToDo,
  hasRoom: () => true,
  finish: async () => [],
  brokenBy: unbroken,
})

const quarantineInto = (rejections: SeenRejection[]): Quarantine => ({
  add: (_object, _dataset, { ordinal, line, offset, sizeBytes, bytes, cut }, { reason }) => {
    // A copy, as the real one makes: the reader may use its buffer again.
    const raw = Buffer.from(bytes)
    rejections.push({
      record: ordinal,
      ...{ line, offset, reason, raw, sizeBytes, sha256: cut?.sha256 },
    })
  },
  isFull: () => false,
  settle: nothingToDo,
  finish: async () => [],
  brokenBy: unbroken,
})
