import {
  type Clock,
  isFault,
  type Manifest,
  type ManifestSource,
  type QuarantinePayload,
  type RowOrigin,
  type Store,
} from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import { readQuarantineRecord } from '../quarantine/quarantine-record.ts'

/** A record of the origin that lies in quarantine, without the record itself. */
export interface RejectedLine {
  readonly record: number
  readonly line: number | null
  readonly reason: string
  readonly path: string | undefined
  /** Key of the file. */
  readonly file: string
}

export interface RejectedLines {
  readonly byReason: Readonly<Record<string, number>>
  /** The first of them. */
  readonly lines: readonly RejectedLine[]
  /** Files with at least one of them. */
  readonly files: readonly string[]
  /** Files that are gone, or too large to be looked through. */
  readonly unread: readonly string[]
}

const linesMax = 20
/** Of all files that are read for one origin. */
const readBytesMax = 64 * 1024 * 1024

/** What of the origin the batch put into quarantine: its files are read, as far as they are not too large. */
export const findRejected = async (
  deps: { readonly store: Store; readonly clock: Clock },
  { quarantine }: Manifest,
  { dataset, rejected }: Pick<ManifestSource, 'dataset' | 'rejected'>,
  origin: RowOrigin,
  call: Call,
): Promise<RejectedLines> => {
  const byReason: Record<string, number> = {}
  const lines: RejectedLine[] = []
  const files: string[] = []
  const unread: string[] = []
  let readBytes = 0
  const candidates = rejected === 0 ? [] : quarantine.filter((file) => file.dataset === dataset)
  for (const file of candidates) {
    const isTooLarge = readBytes + file.sizeBytes > readBytesMax
    const text = isTooLarge ? undefined : await readFile(deps, file, call)
    if (text === undefined) {
      unread.push(file.target)
      continue
    }
    readBytes += file.sizeBytes
    const own = text.split('\n').flatMap((line) => {
      const found = readQuarantineRecord(line)
      if (found?.source !== origin.source || found.version !== origin.version) return []
      return origin.record === undefined || found.record === origin.record ? [found] : []
    })
    if (own.length > 0) files.push(file.target)
    for (const { record, line, reason, path } of own) {
      byReason[reason] = (byReason[reason] ?? 0) + 1
      if (lines.length < linesMax) lines.push({ record, line, reason, path, file: file.target })
    }
  }
  return { byReason, lines, files, unread }
}

/** Where it is kept, else where it was staged. Undefined: it is gone. */
const readFile = async (
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { target, key }: QuarantinePayload,
  call: Call,
): Promise<string | undefined> => {
  for (const place of [target, key])
    try {
      const bytes = await persist(clock, call, () => store.read(place, undefined, call.signal))
      return Buffer.from(bytes).toString()
    } catch (error) {
      if (!isFault(error, 'OBJECT_GONE')) throw error
    }
  return undefined
}
