import {
  type Clock,
  Fault,
  type Ledger,
  type Log,
  readObjectUri,
  objectUri,
  type Source,
  sourceIdOf,
  type Store,
} from '@silversmith/core'
import { type Listings, readListings, readStandings } from '../claims/standing.ts'
import { framingReasons, type RawRecord, type ReadPiece, textOf } from '../reading/record.ts'
import { readErasedRecords } from '../erasure/erasure-record.ts'
import { type Call, mapConcurrently } from '../patience.ts'
import type { Origin } from '../staging/chunk-builder.ts'
import { type QuarantineRecord, readQuarantineRecord } from './quarantine-record.ts'

export interface OriginalsDeps {
  readonly pipeline: string
  readonly ledger: Ledger
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

export interface OriginalsOptions {
  /** Origin of the quarantine file itself. */
  readonly file: Origin
  readonly dataset: string
}

/**
 * Lines of a quarantine file → the records they keep, each with its own lineage, as if read where it first stood. Those whose
 * object was loaded since in a higher generation are left out, for that load judged them again; and those that were erased.
 * Faults: OBJECT_TOO_LARGE for a file with a line that may be read in part only, and those of the stores.
 */
export const readOriginals = async function* (
  deps: OriginalsDeps,
  pieces: AsyncIterable<ReadPiece>,
  { file, dataset }: OriginalsOptions,
  call: Call,
): AsyncGenerator<ReadPiece> {
  const verdicts = new Map<string, Verdict>()
  for await (const { records, begunBytes } of pieces) {
    const kept = records.map((line) => {
      if (line.cut) throw tooLong(file, line)
      const record = readLine(line)
      return { line, record, source: record && sourceOf(deps.pipeline, dataset, record) }
    })
    if (verdicts.size > verdictsMax) verdicts.clear()
    const unknown = kept.flatMap(({ source }) =>
      source && !verdicts.has(nameOf(source)) ? [[nameOf(source), source] as const] : [],
    )
    const asked = [...new Map(unknown).values()]
    const superseded = await findSuperseded(deps, asked, call)
    await mapConcurrently(asked, readsMax, async (source) => {
      const { object } = source
      const named = { source: objectUri(object), version: object.version }
      const erased = await readErasedRecords(deps, named, call)
      verdicts.set(nameOf(source), { isSuperseded: superseded.has(nameOf(source)), erased })
    })
    const originals = kept.map(({ line, record, source }) =>
      record && source
        ? rawRecordOf(record, file, verdicts.get(nameOf(source)))
        : { ...line, broken: 'quarantine_record_invalid' },
    )
    yield { records: originals, begunBytes }
  }
}

/** On the records of one object in one generation. */
interface Verdict {
  readonly isSuperseded: boolean
  readonly erased: ReadonlySet<number>
}

/** Objects a file may be of whose standing is remembered. */
const verdictsMax = 10_000
const readsMax = 8

const nameOf = ({ id, generation }: Source): string => `${id} ${generation}`

/** What is kept whole stays whole: the file is left as it is, rather than resolved by a part of it. */
const tooLong = ({ source }: Origin, { line, sizeBytes }: RawRecord): Fault =>
  new Fault(
    'OBJECT_TOO_LARGE',
    `line ${line} of ${source} has ${sizeBytes} bytes, more than MAX_RECORD_BYTES lets a quarantine file have; raise it and replay the file again`,
  )

const readLine = ({ bytes }: RawRecord): QuarantineRecord | undefined => {
  const text = textOf(bytes)
  return text === undefined ? undefined : readQuarantineRecord(text)
}

const rawRecordOf = (
  kept: QuarantineRecord,
  file: Origin,
  verdict: Verdict | undefined,
): RawRecord => {
  const { source, version, generation, objectTime, reason, sha256 } = kept
  return {
    ordinal: kept.record,
    line: kept.line,
    offset: kept.offset,
    sizeBytes: kept.sizeBytes,
    bytes: Buffer.from(kept.raw, kept.rawEncoding),
    ...(sha256 !== undefined && { cut: { sha256 } }),
    ...(framingReasons.has(reason) && { broken: reason }),
    original: {
      origin: {
        ...{ source, version, generation, objectTimeMicros: Date.parse(objectTime) * 1000 },
        ...{ loadedAtMicros: file.loadedAtMicros, datasetVersion: file.datasetVersion },
      },
      isLeftOut: verdict ? verdict.isSuperseded || verdict.erased.has(kept.record) : false,
    },
  }
}

const sourceOf = (
  pipeline: string,
  dataset: string,
  { source, version, generation }: QuarantineRecord,
): Source => {
  const { bucket = '', key = '' } = readObjectUri(source) ?? {}
  // Which of the two a version is, its id does not depend on.
  const object = { bucket, key, version, versioned: false }
  return { id: sourceIdOf(pipeline, object), object, dataset, generation }
}

/** Names of the sources that are loaded in a higher generation than asked. */
const findSuperseded = async (
  deps: OriginalsDeps,
  sources: readonly Source[],
  call: Call,
): Promise<ReadonlySet<string>> => {
  const standings = await readStandings(deps, sources, call)
  const raised = standings.filter(
    ({ source, claim }) => (claim?.item.generation ?? 0) > source.generation,
  )
  const asked = new Set(raised.map(({ source }) => source.id))
  const listings: Listings = new Map()
  await readListings(deps, raised, { asked, listings }, call)
  const loaded = raised.filter(({ source, batch }) => {
    const listed = batch && listings.get(batch.item.id)?.get(source.id)
    return listed?.disposition === 'rows' || listed?.disposition === 'empty'
  })
  return new Set(loaded.map(({ source }) => nameOf(source)))
}
